//! TikTok keeps what the port promises.

use adops_conformance::subject::TikTok;

adops_conformance::conformance_suite!(TikTok);
