//! The command line.

use std::path::PathBuf;

use adops_core::marker::Installation;
use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};

use crate::access::{Access, CREDENTIALS_HELP};

/// What adops would do, before it does it.
#[derive(Parser, Debug)]
#[command(name = "kubectl-adops", bin_name = "kubectl adops", version, disable_help_subcommand = true)]
pub struct Cli {
    /// Where the cluster is.
    #[command(flatten)]
    pub target: Target,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Which cluster and namespace, as with kubectl.
#[derive(Args, Debug, Clone, Default)]
pub struct Target {
    /// The namespace of names, and of objects in files that name none
    #[arg(short, long, global = true)]
    pub namespace: Option<String>,
    /// The kubeconfig file to use [default: $KUBECONFIG, then ~/.kube/config]
    #[arg(long, global = true, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// The context in the kubeconfig to use
    #[arg(long, global = true)]
    pub context: Option<String>,
}

/// What to do.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Prints what would change on the ad platforms
    #[command(after_help = format!("{PLAN_HELP}\n\n{CREDENTIALS_HELP}"))]
    Plan(PlanArgs),
    /// Says which object on the platform is a line's, where an unknown outcome has left several
    Resolve(ResolveArgs),
    /// Writes Campaigns for what runs on an account today, such that applying them changes nothing
    #[command(after_help = format!("{IMPORT_HELP}\n\n{CREDENTIALS_HELP}"))]
    Import(ImportArgs),
}

const IMPORT_HELP: &str = "\
Each Campaign names one object on the platform in `adopt`. When it is applied, the object gets our marker (on Google a
label, and a token behind its name and behind that of its ad group), and nothing else of it changes. What a Campaign
cannot say exactly is in `ignoreFields`, with a comment that says why; what it cannot hold at all is listed at the end.

Ads on Meta and TikTok show files of the account's library. A Campaign names files by URL: images on Meta by Meta's own
lasting addresses, all others as --media and --media-url-template say. Each is read from here, and must be the same file
where the platform tells enough to know.

Examples:
  kubectl adops import --account google-global -n growth > campaigns.yaml
  kubectl adops import --account tiktok-global --media-url-template 'https://cdn.example.com/{name}' > campaigns.yaml
  kubectl adops plan -f campaigns.yaml
  kubectl apply --server-side -f campaigns.yaml";

const PLAN_HELP: &str = "\
Exit codes: 0 nothing would change, 2 something would, 1 an error: a file is not valid, the cluster does not answer, or a
line cannot run as it is written (the plan is printed all the same).

It needs `get` on campaigns and adaccounts of adops.dev, and nothing else: files are checked here, with the schemas and
rules of the CRDs, and what the platforms hold is taken from the status of the live objects, as observed at the time
that is shown. Campaigns in the cluster that the files do not name are not looked at.

Examples:
  kubectl adops plan -f campaigns/                 # what `kubectl apply -f campaigns/` would lead to
  kubectl adops plan spring -n growth              # what the operator has still to do
  kubectl adops plan -f campaigns/ -o markdown     # for a pull request
  kubectl adops plan -f campaigns/ --offline       # only checks the files, without a cluster
  kubectl adops plan -f campaigns/ --live          # and asks the platforms what they would say; nothing is written

With --live, Google (validateOnly) and Meta (validate_only) check each change. Of a new line Meta checks the campaign and
the creatives, for it knows an ad set only below a campaign that exists; what it was not asked is said beside the line,
and so are the platforms that have no dry run. A change that would be refused is an error.";

/// Of `plan`.
#[derive(Args, Debug, Default)]
#[group(skip)]
#[command(group(ArgGroup::new("what").required(true).args(["names", "files"])))]
pub struct PlanArgs {
    /// Campaigns in the cluster
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
    /// A file or directory with YAML or JSON, or - for stdin; may be given several times
    #[arg(short = 'f', long = "filename", value_name = "FILE")]
    pub files: Vec<String>,
    /// Reads directories with all that is in them
    #[arg(short = 'R', long, requires = "files")]
    pub recursive: bool,
    /// How it is printed
    #[arg(short, long, value_enum, default_value_t)]
    pub output: Output,
    /// Only checks the files: exit code 0 if they are valid, else 1
    #[arg(long, requires = "files")]
    pub offline: bool,
    /// Asks the platforms, too: reads what is to be adopted, by its id or its name, and has each change checked without
    /// carrying it out
    #[arg(long, conflicts_with = "offline")]
    pub live: bool,
    /// With --live, the operator's installation id [default: that of the account's holder]
    #[arg(long, value_name = "ID", requires = "live")]
    pub installation: Option<Installation>,
    /// How platforms are reached, with --live.
    #[command(flatten)]
    pub access: Access,
}

/// How a plan is printed.
#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Output {
    /// For a terminal.
    #[default]
    Text,
    /// For programs; the shape is stable.
    Json,
    /// For a pull request.
    Markdown,
}

/// Of `resolve`.
#[derive(Args, Debug)]
pub struct ResolveArgs {
    /// The Campaign
    pub campaign: String,
    /// A line and the platform's id of the object to keep, for example google-global/US=1234567890
    #[arg(required = true, value_name = "LINE=ID")]
    pub choices: Vec<String>,
}

/// Of `import`.
#[derive(Args, Debug)]
pub struct ImportArgs {
    /// The AdAccount: a name in the namespace, or namespace/name
    #[arg(long, value_name = "NAME")]
    pub account: String,
    /// A file that says where the files of the account's library can be read: a YAML map of the platform's id of a file,
    /// its checksum or its name to a URL
    #[arg(long, value_name = "FILE")]
    pub media: Option<PathBuf>,
    /// Where all other files can be read: a URL with {id}, {checksum} or {name}
    #[arg(long, value_name = "URL")]
    pub media_url_template: Option<String>,
    /// How the platform is reached.
    #[command(flatten)]
    pub access: Access,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
