//! The story, step by step. Each step says what it shows and checks that it really is so.

use std::collections::BTreeMap;
use std::process::Output;

use adops_conformance::subject::{Hand, Object};
use adops_e2e::{helm, reach};
use adsim::PlatformName::{self, Google, Meta, TikTok};
use adsim::{Effect, Fault, Match};
use anyhow::{Context, ensure};
use jiff::SignedDuration;

use crate::show;
use crate::stage::{NAMESPACE, Stage, printed};

/// Tells it all.
pub async fn tell(stage: &mut Stage) -> anyhow::Result<()> {
    install(stage).await?;
    accounts(stage).await?;
    plan(stage)?;
    create(stage).await?;
    hand_edit(stage).await?;
    stop_by_hand(stage).await?;
    budget_change(stage).await?;
    bad_manifests(stage)?;
    outage(stage).await?;
    kill(stage).await?;
    delete(stage).await?;
    rest(stage).await?;
    reinstall(stage).await
}

async fn install(stage: &mut Stage) -> anyhow::Result<()> {
    show::step(1, "An admin installs the chart; a marketer gets the role `edit` in a namespace");
    install_chart(stage)?;
    for args in [
        &["create", "namespace", NAMESPACE][..],
        &["create", "rolebinding", "marketers", "--clusterrole=edit", "--group=marketers", "-n", NAMESPACE],
    ] {
        let output = stage.kubectl(true, args)?;
        ensure!(output.status.success(), "{}", printed(&output));
    }
    stage.start_operator()?;
    stage
        .until("the plain user may write Campaigns", async |stage| {
            let output = stage.kubectl(false, &["auth", "can-i", "create", "campaigns.adops.dev", "-n", NAMESPACE])?;
            Ok(output.status.success())
        })
        .await
}

fn install_chart(stage: &mut Stage) -> anyhow::Result<()> {
    let output = stage.helm()?.upgrade(&helm::chart(), &["installation=demo"]);
    show::command(
        "helm install adops charts/adops -n adops-system --create-namespace --set installation=demo,image.repository=...",
        if output.status.success() { "" } else { "failed" },
    );
    ensure!(output.status.success(), "{}", printed(&output));
    let wait = ["wait", "--for=condition=Established", "--timeout=30s", "-f", "crds/"];
    let output = stage.kubectl(true, &wait)?;
    ensure!(output.status.success(), "{}", printed(&output));
    Ok(())
}

async fn accounts(stage: &mut Stage) -> anyhow::Result<()> {
    show::step(2, "examples/account*.yaml, with the simulator's addresses and credentials");
    let google = example("account.yaml")?
        .replace("000000000000-example.apps.googleusercontent.com", "adsim-client")
        .replace("client_secret: replace-me", "client_secret: adsim-secret")
        .replace(
            "refresh_token: replace-me",
            &format!("refresh_token: adsim-refresh\n  token_uri: {}", stage.sim.token_url()),
        )
        .replace("  platform: Google\n", &format!("  platform: Google\n  endpoint: {}\n", stage.sim.google_url()));
    let meta = example("account-meta.yaml")?
        .replace("access_token: replace-me", "access_token: adsim-meta-token")
        .replace("app_id: \"000000000000000\"", "app_id: \"700000000000001\"")
        .replace("app_secret: replace-me", "app_secret: adsim-app-secret")
        .replace("  platform: Meta\n", &format!("  platform: Meta\n  endpoint: {}\n", stage.sim.meta_url()));
    let tiktok = example("account-tiktok.yaml")?
        .replace("access_token: replace-me", "access_token: adsim-tiktok-token")
        .replace("app_id: \"0000000000000000000\"", "app_id: \"7300000000000000001\"")
        .replace("  platform: TikTok\n", &format!("  platform: TikTok\n  endpoint: {}\n", stage.sim.tiktok_url()));
    for (name, text) in [("account.yaml", google), ("account-meta.yaml", meta), ("account-tiktok.yaml", tiktok)] {
        let file = stage.write(name, &text)?;
        stage.user(&["apply", "-f", &file.display().to_string()])?;
    }
    let accounts = reach::ALL.map(|platform| format!("adaccount/{}", reach::adaccount(platform)));
    let [google, meta, tiktok] = accounts.each_ref().map(String::as_str);
    let wait = ["wait", "--for=condition=Ready", google, meta, tiktok, "-n", NAMESPACE, "--timeout=60s"];
    stage.user_waits(&wait).await?;
    stage.user(&["get", "adaccounts", "-n", NAMESPACE])?;
    Ok(())
}

fn example(name: &str) -> anyhow::Result<String> {
    let path = adops_e2e::cluster::repository().join("examples").join(name);
    std::fs::read_to_string(&path).with_context(|| path.display().to_string())
}

/// The example Campaign, its images and videos on a server of the demo's.
fn spring(stage: &Stage) -> anyhow::Result<String> {
    Ok(stage.files.instead_of_the_cdn(&example("campaign.yaml")?))
}

fn plan(stage: &Stage) -> anyhow::Result<()> {
    show::step(3, "What would examples/campaign.yaml do? The plan, as it would stand in a pull request");
    let file = stage.write("campaign.yaml", &spring(stage)?)?.display().to_string();
    let output = planned(stage, &file)?;
    show::command("kubectl adops plan -f campaign.yaml", &printed(&output));
    ensure!(output.status.code() == Some(2), "a plan with changes ends with 2, not {:?}", output.status.code());
    ensure!(printed(&output).matches("  create  ").count() == 18, "eighteen lines are to be made");
    ensure!(all(stage).is_empty(), "a plan changes nothing");
    show::holds("exit code 2: there are changes; nothing was written");
    Ok(())
}

/// The demo's images and videos are on this machine, where files are not looked for unless one says so.
fn planned(stage: &Stage, file: &str) -> anyhow::Result<Output> {
    stage.kubectl(false, &["adops", "plan", "-f", file, "--allow-endpoint", "http://127.0.0.1"])
}

async fn create(stage: &mut Stage) -> anyhow::Result<()> {
    show::step(4, "It is applied: its media are sent, its lines created paused, read back, then enabled");
    let file = stage.write("campaign.yaml", &spring(stage)?)?.display().to_string();
    stage.user(&["apply", "-f", &file])?;
    stage.user_waits(&["wait", "--for=condition=Ready", "campaign/spring", "-n", NAMESPACE, "--timeout=60s"]).await?;
    stage.user(&["get", "adops", "-n", NAMESPACE])?;
    for platform in reach::ALL {
        show::platform(&stage.sim, platform);
        let objects = reach::objects(&stage.sim, platform);
        ensure!(objects.len() == 6 && objects.iter().all(|object| object.enabled), "six lines are on {platform:?}");
    }
    ensure!(is_live(stage, 6_000), "6000.00 EUR a day are live, not {} micros", live(stage));
    show::holds("eighteen lines on three platforms, 6000.00 EUR a day, each with its places, end date and token");
    stage.pass(SignedDuration::from_hours(6 * 24)).await?;
    show::say("Six days later, by business time:");
    stage.user(&["get", "campaigns", "-n", NAMESPACE])?;
    Ok(())
}

async fn hand_edit(stage: &mut Stage) -> anyhow::Result<()> {
    show::step(5, "Somebody triples a budget on Meta: it is drift, and corrected within one poll");
    let line = find(stage, Meta, "spring US")?;
    let before = line.budget.context("a budget")?;
    reach::by_hand(&stage.sim, Meta, &Hand::Budget(&line.id, before * 3));
    stage
        .until("the budget is what the Campaign says again", async |stage| {
            Ok(find(stage, Meta, "spring US")?.budget == Some(before))
        })
        .await?;
    stage.user(&[
        "get",
        "events",
        "-n",
        NAMESPACE,
        "--field-selector",
        "reason=Drifted",
        "-o",
        "custom-columns=REASON:.reason,NOTE:.message",
    ])?;
    Ok(())
}

async fn stop_by_hand(stage: &mut Stage) -> anyhow::Result<()> {
    show::step(6, "Somebody pauses a line on TikTok: a stop by hand is kept");
    let line = find(stage, TikTok, "spring JP")?;
    reach::by_hand(&stage.sim, TikTok, &Hand::Pause(&line.id));
    stage
        .until("the Campaign says StoppedOnPlatform", async |stage| {
            Ok(reason(stage, "spring").await? == "StoppedOnPlatform")
        })
        .await?;
    stage.pass(SignedDuration::from_hours(1)).await?;
    ensure!(!find(stage, TikTok, "spring JP")?.enabled, "it is still paused an hour later");
    show::holds("an hour later it is still paused");
    stage.user(&["get", "campaigns", "-n", NAMESPACE])?;
    Ok(())
}

async fn budget_change(stage: &mut Stage) -> anyhow::Result<()> {
    show::step(
        7,
        "The budget is raised in the file: the plan says what will happen, and the stop ends with the new spec",
    );
    let file = stage.write("raised.yaml", &spring(stage)?.replace("\"6000.00\"", "\"9000.00\""))?;
    let file = file.display().to_string();
    let output = planned(stage, &file)?;
    show::command("kubectl adops plan -f raised.yaml", &printed(&output));
    ensure!(output.status.code() == Some(2), "the plan has changes");
    stage.user(&["apply", "-f", &file])?;
    stage.until("9000.00 EUR a day are live", async |stage| Ok(is_live(stage, 9_000))).await?;
    let (mut live, mut ours, mut others) = (BTreeMap::new(), 0, 0);
    for entry in stage.sim.ledger() {
        live.insert(entry.account.clone(), entry.live_daily_budget_micros);
        if live.values().sum::<i64>() > 9_000_000_000 {
            *(if matches!(entry.actor, adsim::Actor::Api(_)) { &mut ours } else { &mut others }) += 1;
        }
    }
    // The hand edit of step 5 may have passed the budget for a moment; no write of ours ever does.
    ensure!(ours == 0, "{ours} writes of ours passed the budget");
    show::holds(&format!(
        "over all platforms, no write of ours was ever above the budget ({others} edits by hand were)"
    ));
    Ok(())
}

fn bad_manifests(stage: &Stage) -> anyhow::Result<()> {
    show::step(8, "Bad manifests are refused, with the reason");
    let text = example("campaign.yaml")?;
    for (name, bad, wanted) in [
        ("unquoted.yaml", text.replace("\"NO\", dach]", "NO, dach]"), "must be of type string"),
        ("backwards.yaml", text.replace("end: 2027-05-31", "end: 2027-02-01"), "end"),
        ("undeclared.yaml", text.replace("euPoliticalAds: false, ", ""), "euPoliticalAds"),
    ] {
        let file = stage.write(name, &bad)?.display().to_string();
        let output = stage.kubectl(false, &["apply", "-f", &file])?;
        show::command(&format!("kubectl apply -f {name}"), &printed(&output));
        ensure!(!output.status.success() && printed(&output).contains(wanted), "{name} is refused with its reason");
        let plan = stage.kubectl(false, &["adops", "plan", "-f", &file])?;
        ensure!(plan.status.code() == Some(1) && printed(&plan).contains(wanted), "the plan refuses {name}, too");
        if name == "unquoted.yaml" {
            show::command("kubectl adops plan -f unquoted.yaml", &printed(&plan));
        }
    }
    show::holds("the API server and the plan say the same");
    Ok(())
}

async fn outage(stage: &mut Stage) -> anyhow::Result<()> {
    show::step(9, "Google answers 503 for an hour, and the Campaign changes meanwhile");
    let fault = Fault::new(Match::path("googleAds"), Effect::Status { status: 503, body: serde_json::Value::Null });
    stage.sim.faults().add(fault);
    stage.user(&[
        "patch",
        "campaign",
        "spring",
        "-n",
        NAMESPACE,
        "--type=merge",
        "-p",
        "{\"spec\":{\"budget\":{\"daily\":\"7500.00\"}}}",
    ])?;
    let end = stage.now() + SignedDuration::from_hours(1);
    stage
        .until("the Campaign says PlatformUnavailable", async |stage| {
            Ok(reason(stage, "spring").await? == "PlatformUnavailable")
        })
        .await?;
    stage.user(&["get", "adops", "-n", NAMESPACE])?;
    let of_meta = find(stage, Meta, "spring US")?.budget;
    ensure!(of_meta == Some(1_000_000_000), "Meta's line has its share of 7500.00 at once, not {of_meta:?}");
    show::holds("Meta and TikTok do not wait for Google");
    let left = end.duration_since(stage.now());
    stage.pass(left.max(SignedDuration::from_secs(1))).await?;
    stage.sim.faults().clear();
    stage
        .until("the platform is back: 7500.00 EUR a day are live, without anybody's help", async |stage| {
            Ok(is_live(stage, 7_500))
        })
        .await
}

async fn kill(stage: &mut Stage) -> anyhow::Result<()> {
    show::step(
        10,
        "The operator is killed (SIGKILL) in the middle of a create: the platform has created, the answer never came",
    );
    let fault = Fault::new(Match::mutates().operation("campaign.create"), Effect::HangAfter).times(1);
    stage.sim.faults().add(fault);
    stage.user(&["apply", "-f", "examples/minimal.yaml"])?;
    let limit = std::time::Instant::now() + std::time::Duration::from_mins(1);
    while find(stage, Google, "minimal GB").is_err() {
        ensure!(std::time::Instant::now() < limit, "the create never reached the platform");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    stage.kill_operator()?;
    stage.sim.faults().clear();
    ensure!(!find(stage, Google, "minimal GB")?.enabled, "a new object is paused until it was read back");
    show::say("The object exists, paused. The status knows only that a create was begun:");
    stage.user(&["get", "campaign", "minimal", "-n", NAMESPACE, "-o", "jsonpath={.status.lines}{\"\\n\"}"])?;
    stage.start_operator()?;
    stage.user_waits(&["wait", "--for=condition=Ready", "campaign/minimal", "-n", NAMESPACE, "--timeout=60s"]).await?;
    let count = all(stage).iter().filter(|object| object.name.contains("minimal GB")).count();
    ensure!(count == 1, "{count} objects for one line");
    ensure!(find(stage, Google, "minimal GB")?.enabled, "it is enabled");
    show::holds("a new operator found it by its token, took it up and enabled it: one object, no duplicate");
    Ok(())
}

async fn delete(stage: &mut Stage) -> anyhow::Result<()> {
    show::step(11, "A Campaign is deleted: spending stops before the object goes");
    stage.user(&["delete", "campaign", "spring", "-n", NAMESPACE, "--wait=false"])?;
    stage.until("the Campaign is gone", async |stage| Ok(stage.campaign("spring").await?.is_none())).await?;
    let running = all(stage).iter().filter(|object| object.name.contains("spring") && object.enabled).count();
    ensure!(running == 0, "{running} lines of it still run");
    for platform in reach::ALL {
        show::platform(&stage.sim, platform);
    }
    show::holds("all its lines are paused (deletionPolicy: Pause)");
    Ok(())
}

async fn rest(stage: &mut Stage) -> anyhow::Result<()> {
    show::step(12, "At rest nothing is written");
    stage.pass(SignedDuration::from_mins(20)).await?;
    let before = stage.sim.ledger().len();
    stage.pass(SignedDuration::from_hours(24)).await?;
    let writes = stage.sim.ledger().len() - before;
    ensure!(writes == 0, "{writes} platform writes in a day without a change");
    show::holds("a day later: 0 platform writes");
    Ok(())
}

async fn reinstall(stage: &mut Stage) -> anyhow::Result<()> {
    show::step(13, "The chart is uninstalled, and a day later installed again");
    let before = all(stage);
    let writes = stage.sim.ledger().len();
    let output = stage.helm()?.uninstall();
    show::command("helm uninstall adops -n adops-system", "");
    ensure!(output.status.success(), "{}", printed(&output));
    stage.stop_operator()?;
    stage.pass(SignedDuration::from_hours(24)).await?;
    ensure!(stage.campaign("minimal").await?.is_some_and(|c| c.metadata.deletion_timestamp.is_none()), "it is there");
    ensure!(stage.sim.ledger().len() == writes, "an uninstall changes nothing on the platform");
    show::holds("all Campaigns are still there, and nothing was changed on the platform");
    install_chart(stage)?;
    stage.start_operator()?;
    stage.pass(SignedDuration::from_hours(2)).await?;
    stage.user(&["get", "campaigns", "-n", NAMESPACE])?;
    ensure!(stage.sim.ledger().len() == writes && all(stage) == before, "a new install writes nothing either");
    show::holds("taken up as it is: 0 platform writes");
    Ok(())
}

/// The objects of all platforms.
fn all(stage: &Stage) -> Vec<Object> {
    reach::ALL.into_iter().flat_map(|platform| reach::objects(&stage.sim, platform)).collect()
}

/// What can be spent a day on all platforms, in micros.
fn live(stage: &Stage) -> i64 {
    reach::ALL.into_iter().map(|platform| reach::live(&stage.sim, platform)).sum()
}

/// Whether so many euros a day are live, but for a cent a line that no split gives out.
fn is_live(stage: &Stage, euros: i64) -> bool {
    let micros = euros * 1_000_000;
    (micros - 180_000..=micros).contains(&live(stage))
}

fn find(stage: &Stage, platform: PlatformName, name: &str) -> anyhow::Result<Object> {
    let mut objects = reach::objects(&stage.sim, platform).into_iter();
    let found = objects.find(|object| object.name.starts_with(name));
    found.with_context(|| format!("no `{name}` on {platform:?}"))
}

async fn reason(stage: &Stage, name: &str) -> anyhow::Result<String> {
    let campaign = stage.campaign(name).await?.context("the Campaign")?;
    Ok(campaign.status.and_then(|status| status.reason).map(|reason| reason.to_string()).unwrap_or_default())
}
