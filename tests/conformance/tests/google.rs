//! Google Ads keeps what the port promises.

use adops_conformance::subject::Google;

adops_conformance::conformance_suite!(Google);
