//! Pinterest keeps what the port promises.

use adops_conformance::subject::Pinterest;

adops_conformance::conformance_suite!(Pinterest);
