//! The story, step by step. Each step says what it shows and checks that it really is so.

use adops_e2e::helm;
use adops_e2e::world::CUSTOMER;
use adsim::google::view::{AccountView, CampaignView};
use adsim::{Edit, EditAction, Effect, Fault, Match};
use anyhow::{Context, ensure};
use jiff::SignedDuration;

use crate::show;
use crate::stage::{NAMESPACE, Stage, printed};

/// Tells it all.
pub async fn tell(stage: &mut Stage) -> anyhow::Result<()> {
    install(stage).await?;
    account(stage).await?;
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

async fn account(stage: &mut Stage) -> anyhow::Result<()> {
    show::step(2, "examples/account.yaml, with the simulator's address and credentials");
    let text = std::fs::read_to_string(adops_e2e::cluster::repository().join("examples/account.yaml"))?;
    let text = text
        .replace("000000000000-example.apps.googleusercontent.com", "adsim-client")
        .replace("client_secret: replace-me", "client_secret: adsim-secret")
        .replace(
            "refresh_token: replace-me",
            &format!("refresh_token: adsim-refresh\n  token_uri: {}", stage.sim.token_url()),
        )
        .replace("  platform: Google\n", &format!("  platform: Google\n  endpoint: {}\n", stage.sim.google_url()));
    let file = stage.write("account.yaml", &text)?;
    stage.user(&["apply", "-f", &file.display().to_string()])?;
    stage
        .user_waits(&["wait", "--for=condition=Ready", "adaccount/google-global", "-n", NAMESPACE, "--timeout=60s"])
        .await?;
    stage.user(&["get", "adaccounts", "-n", NAMESPACE])?;
    Ok(())
}

fn plan(stage: &Stage) -> anyhow::Result<()> {
    show::step(3, "What would a Campaign do? The plan, as it would stand in a pull request");
    let args = ["adops", "plan", "-f", "examples/campaign.yaml"];
    let output = stage.kubectl(false, &args)?;
    show::command(&format!("kubectl {}", args.join(" ")), &printed(&output));
    ensure!(output.status.code() == Some(2), "a plan with changes ends with 2, not {:?}", output.status.code());
    ensure!(live(stage).is_empty(), "a plan changes nothing");
    show::holds("exit code 2: there are changes; nothing was written");
    Ok(())
}

async fn create(stage: &mut Stage) -> anyhow::Result<()> {
    show::step(4, "It is applied: created paused, read back, then enabled");
    stage.user(&["apply", "-f", "examples/campaign.yaml"])?;
    stage.user_waits(&["wait", "--for=condition=Ready", "campaign/spring", "-n", NAMESPACE, "--timeout=60s"]).await?;
    stage.user(&["get", "adops", "-n", NAMESPACE])?;
    show::platform(&view(stage));
    let live = live(stage);
    ensure!(live.len() == 6 && live.iter().all(|campaign| campaign.status == "ENABLED"), "six lines are enabled");
    ensure!(view(stage).live_daily_budget_micros == 6_000_000_000, "6000.00 EUR a day are live");
    show::holds("six lines, 6000.00 EUR a day, each with its places, end date, label and token");
    stage.pass(SignedDuration::from_hours(6 * 24)).await?;
    show::say("Six days later, by business time:");
    stage.user(&["get", "campaigns", "-n", NAMESPACE])?;
    Ok(())
}

async fn hand_edit(stage: &mut Stage) -> anyhow::Result<()> {
    show::step(5, "Somebody triples a budget on the platform: it is drift, and corrected within one poll");
    let campaign = find(stage, "spring US")?;
    let before = campaign.budget.as_ref().context("a budget")?.amount_micros;
    edit(stage, EditAction::SetBudget { campaign: campaign.id.to_string(), amount_micros: before * 3 })?;
    stage
        .until("the budget is what the Campaign says again", async |stage| {
            Ok(find(stage, "spring US")?.budget.is_some_and(|budget| budget.amount_micros == before))
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
    show::step(6, "Somebody pauses a line on the platform: a stop by hand is kept");
    let campaign = find(stage, "spring JP")?;
    edit(stage, EditAction::Pause { campaign: campaign.id.to_string() })?;
    stage
        .until("the Campaign says StoppedOnPlatform", async |stage| {
            Ok(reason(stage, "spring").await? == "StoppedOnPlatform")
        })
        .await?;
    stage.pass(SignedDuration::from_hours(1)).await?;
    ensure!(find(stage, "spring JP")?.status == "PAUSED", "it is still paused an hour later");
    show::holds("an hour later it is still paused");
    stage.user(&["get", "campaigns", "-n", NAMESPACE])?;
    Ok(())
}

async fn budget_change(stage: &mut Stage) -> anyhow::Result<()> {
    show::step(
        7,
        "The budget is raised in the file: the plan says what will happen, and the stop ends with the new spec",
    );
    let text = std::fs::read_to_string(adops_e2e::cluster::repository().join("examples/campaign.yaml"))?;
    let file = stage.write("raised.yaml", &text.replace("\"6000.00\"", "\"9000.00\""))?;
    let file = file.display().to_string();
    let output = stage.kubectl(false, &["adops", "plan", "-f", &file])?;
    show::command("kubectl adops plan -f raised.yaml", &printed(&output));
    ensure!(output.status.code() == Some(2), "the plan has changes");
    stage.user(&["apply", "-f", &file])?;
    stage
        .until("9000.00 EUR a day are live", async |stage| Ok(view(stage).live_daily_budget_micros == 9_000_000_000))
        .await?;
    let over = stage.sim.ledger().iter().filter(|entry| entry.live_daily_budget_micros > 9_000_000_000).count();
    // The hand edit of step 5 may have passed the cap for a moment; no write of ours ever does.
    show::holds(&format!("the ledger has {over} moments above the budget, all made by hand"));
    let ours = stage
        .sim
        .ledger()
        .iter()
        .any(|entry| entry.live_daily_budget_micros > 9_000_000_000 && matches!(entry.actor, adsim::Actor::Api(_)));
    ensure!(!ours, "a write of ours passed the budget");
    Ok(())
}

fn bad_manifests(stage: &Stage) -> anyhow::Result<()> {
    show::step(8, "Bad manifests are refused, with the reason");
    let text = std::fs::read_to_string(adops_e2e::cluster::repository().join("examples/campaign.yaml"))?;
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
    show::step(9, "The platform answers 503 for an hour, and the Campaign changes meanwhile");
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
    let left = end.duration_since(stage.now());
    stage.pass(left.max(SignedDuration::from_secs(1))).await?;
    stage.sim.faults().clear();
    stage
        .until("the platform is back: 7500.00 EUR a day are live, without anybody's help", async |stage| {
            Ok(view(stage).live_daily_budget_micros == 7_500_000_000)
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
    while find(stage, "minimal GB").is_err() {
        ensure!(std::time::Instant::now() < limit, "the create never reached the platform");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    stage.kill_operator()?;
    stage.sim.faults().clear();
    let status = find(stage, "minimal GB")?.status;
    ensure!(status == "PAUSED", "a new object is paused until it was read back, not {status}");
    show::say("The object exists, paused. The status knows only that a create was begun:");
    stage.user(&["get", "campaign", "minimal", "-n", NAMESPACE, "-o", "jsonpath={.status.lines}{\"\\n\"}"])?;
    stage.start_operator()?;
    stage.user_waits(&["wait", "--for=condition=Ready", "campaign/minimal", "-n", NAMESPACE, "--timeout=60s"]).await?;
    let count = live(stage).iter().filter(|campaign| campaign.name.contains("minimal GB")).count();
    ensure!(count == 1, "{count} objects for one line");
    ensure!(find(stage, "minimal GB")?.status == "ENABLED", "it is enabled");
    show::holds("a new operator found it by its token, took it up and enabled it: one object, no duplicate");
    Ok(())
}

async fn delete(stage: &mut Stage) -> anyhow::Result<()> {
    show::step(11, "A Campaign is deleted: spending stops before the object goes");
    stage.user(&["delete", "campaign", "spring", "-n", NAMESPACE, "--wait=false"])?;
    stage.until("the Campaign is gone", async |stage| Ok(stage.campaign("spring").await?.is_none())).await?;
    let running =
        live(stage).iter().filter(|campaign| campaign.name.contains("spring") && campaign.status == "ENABLED").count();
    ensure!(running == 0, "{running} lines of it still run");
    show::platform(&view(stage));
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
    let before = live(stage).iter().map(|campaign| (campaign.id, campaign.status.clone())).collect::<Vec<_>>();
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
    let after = live(stage).iter().map(|campaign| (campaign.id, campaign.status.clone())).collect::<Vec<_>>();
    ensure!(stage.sim.ledger().len() == writes && after == before, "a new install writes nothing either");
    show::holds("taken up as it is: 0 platform writes");
    Ok(())
}

fn view(stage: &Stage) -> AccountView {
    stage.sim.google_account(CUSTOMER)
}

fn live(stage: &Stage) -> Vec<CampaignView> {
    view(stage).campaigns.into_iter().filter(|campaign| campaign.status != "REMOVED").collect()
}

fn find(stage: &Stage, name: &str) -> anyhow::Result<CampaignView> {
    live(stage)
        .into_iter()
        .find(|campaign| campaign.name.starts_with(name))
        .with_context(|| format!("no `{name}` on the platform"))
}

fn edit(stage: &Stage, action: EditAction) -> anyhow::Result<()> {
    stage.sim.edit(&Edit::by_hand(CUSTOMER, action)).map_err(|error| anyhow::anyhow!("{error:?}"))?;
    Ok(())
}

async fn reason(stage: &Stage, name: &str) -> anyhow::Result<String> {
    let campaign = stage.campaign(name).await?.context("the Campaign")?;
    Ok(campaign.status.and_then(|status| status.reason).map(|reason| reason.to_string()).unwrap_or_default())
}
