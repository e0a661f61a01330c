//! Meta keeps what the port promises.

use adops_conformance::subject::Meta;

adops_conformance::conformance_suite!(Meta);
