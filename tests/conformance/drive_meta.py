#!/usr/bin/env python3
"""Drives the simulated Marketing API with Meta's own SDK, which nobody here wrote.

    drive_meta.py ADSIM

ADSIM is the simulator's program. It is started anew for each test, on free ports, and ends with it.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import unittest
from typing import Any, ClassVar

import requests
from facebook_business.adobjects.ad import Ad
from facebook_business.adobjects.adaccount import AdAccount
from facebook_business.adobjects.adcreative import AdCreative
from facebook_business.adobjects.adlabel import AdLabel
from facebook_business.adobjects.adreportrun import AdReportRun
from facebook_business.adobjects.adset import AdSet
from facebook_business.adobjects.campaign import Campaign
from facebook_business.api import FacebookAdsApi
from facebook_business.exceptions import FacebookRequestError
from facebook_business.session import FacebookSession

ACCOUNT, PAGE, PIXEL = "act_2345678901", "900000000000001", "600000000000001"
TOKEN, SECRET = "adsim-meta-token", "adsim-app-secret"
# All calls must carry a valid proof, so that the SDK's own is tried.
APP = {"id": "700000000000001", "secret": SECRET, "requireProof": True}

CAMPAIGN = {
    "name": "spring",
    "objective": Campaign.Objective.outcome_sales,
    "status": Campaign.Status.active,
    "special_ad_categories": [],
    "is_adset_budget_sharing_enabled": False,
}
STORY = {"page_id": PAGE, "link_data": {"link": "https://example.com/us/spring", "message": "Spring is here"}}


def ad_set(campaign: str, **fields: Any) -> dict[str, Any]:
    """The parameters of an ad set."""
    return {
        "name": "all",
        "campaign_id": campaign,
        "status": AdSet.Status.active,
        "daily_budget": 5000,
        "billing_event": AdSet.BillingEvent.impressions,
        "optimization_goal": AdSet.OptimizationGoal.offsite_conversions,
        "promoted_object": {"pixel_id": PIXEL, "custom_event_type": "PURCHASE"},
        "targeting": {
            "geo_locations": {"regions": [{"key": "3847"}], "geo_markets": [{"key": "DMA:501"}]},
            "targeting_automation": {"advantage_audience": 0},
        },
    } | fields


class SdkTest(unittest.TestCase):
    """The SDK against the simulator."""

    program: ClassVar[str]

    def start(self, **meta: Any) -> AdAccount:
        """Starts a simulator and makes it the SDK's service."""
        config = {"clock": {"stepped": {"start": "2027-03-01T17:00:00Z"}}, "meta": {"apps": [APP]} | meta}
        file = self.enterContext(_TextFile(json.dumps(config)))
        args = [self.program, "--config", file, "--exit-with-stdin"]
        self.sim = subprocess.Popen(args, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603
        self.addCleanup(self.stop)
        self.urls = json.loads(self.sim.stdout.readline())
        session = FacebookSession(APP["id"], SECRET, TOKEN, timeout=30)
        session.GRAPH = self.urls["meta"]
        # No proxy of the environment stands between.
        session.requests.trust_env = False
        self.api = FacebookAdsApi(session)
        FacebookAdsApi.set_default_api(self.api)
        self.http = session.requests
        return AdAccount(ACCOUNT)

    def stop(self) -> None:
        """The simulator ends with its standard input."""
        self.http.close()
        self.sim.stdin.close()
        self.sim.wait(30)
        self.sim.stdout.close()

    def set_clock(self, now: str) -> None:
        """Moves the simulator's clock."""
        with requests.Session() as admin:
            admin.trust_env = False
            answer = admin.post(f"{self.urls['admin']}/clock", json={"now": now}, timeout=30)
            answer.raise_for_status()

    def line(self, account: AdAccount) -> tuple[str, str, str]:
        """A campaign, an ad set and an ad with their label."""
        label = account.create_ad_label(params={"name": "adops"})["id"]
        labelled = {"adlabels": [{"id": label}]}
        campaign = account.create_campaign(params=CAMPAIGN | labelled)["id"]
        group = account.create_ad_set(params=ad_set(campaign, **labelled))["id"]
        creative = account.create_ad_creative(params={"name": "a", "object_story_spec": STORY} | labelled)["id"]
        ad = account.create_ad(
            params={"name": "ad", "adset_id": group, "creative": {"creative_id": creative}, "status": "ACTIVE"} | labelled
        )["id"]
        return campaign, group, ad

    def test_creates_reads_updates_and_deletes(self) -> None:
        account = self.start()
        campaign, group, ad = self.line(account)
        fields = [AdSet.Field.daily_budget, AdSet.Field.adlabels, AdSet.Field.targeting, AdSet.Field.effective_status]
        read = AdSet(group).api_get(fields=fields)
        self.assertEqual((read["daily_budget"], read["adlabels"][0]["name"]), ("5000", "adops"))
        self.assertEqual(read["targeting"]["geo_locations"]["geo_markets"][0]["key"], "DMA:501")
        AdSet(group).api_update(params={"daily_budget": 6000, "status": AdSet.Status.paused})
        read = AdSet(group).api_get(fields=fields)
        self.assertEqual((read["daily_budget"], read["effective_status"]), ("6000", AdSet.EffectiveStatus.paused))
        self.assertEqual(Ad(ad).api_get(fields=["effective_status"])["effective_status"], "ADSET_PAUSED")
        labels = [label["id"] for label in account.get_ad_labels()]
        found = account.get_campaigns_by_labels(fields=["name"], params={"ad_label_ids": labels})
        self.assertEqual([c["id"] for c in found], [campaign])
        self.assertEqual([c["id"] for c in AdLabel(labels[0]).get_campaigns()], [campaign])
        Campaign(campaign).api_delete()
        self.assertEqual(list(account.get_campaigns()), [])
        self.assertEqual(Campaign(campaign).api_get(fields=["effective_status"])["effective_status"], "DELETED")

    def test_reads_the_account(self) -> None:
        account = self.start()
        read = account.api_get(fields=["currency", "timezone_name", "account_status", "min_daily_budget"])
        self.assertEqual((read["currency"], read["account_status"]), ("USD", 1))
        self.assertEqual(account.get_minimum_budgets()[0]["min_daily_budget_imp"], read["min_daily_budget"])

    def test_pages(self) -> None:
        account = self.start()
        made = [account.create_campaign(params=CAMPAIGN | {"name": f"c{i}"})["id"] for i in range(7)]
        cursor = account.get_campaigns(fields=["name"], params={"limit": 3})
        self.assertEqual(cursor.total(), 7)
        self.assertEqual(sorted(c["id"] for c in cursor), made)
        paused = account.get_campaigns(params={"effective_status": ["PAUSED"]})
        self.assertEqual(len(paused), 0)

    def test_reads_insights(self) -> None:
        account = self.start()
        campaign, _, _ = self.line(account)
        self.set_clock("2027-03-03T17:00:00Z")
        params = {
            "level": "campaign",
            "time_increment": 1,
            "time_range": {"since": "2027-03-01", "until": "2027-03-03"},
            "limit": 2,
        }
        rows = list(account.get_insights(fields=["campaign_id", "spend", "actions", "impressions"], params=params))
        self.assertEqual([r["date_start"] for r in rows], ["2027-03-01", "2027-03-02", "2027-03-03"])
        self.assertTrue(all(r["campaign_id"] == campaign and float(r["spend"]) > 0 for r in rows))
        self.assertIn("omni_purchase", [a["action_type"] for a in rows[1]["actions"]])
        run = account.get_insights_async(fields=["spend"], params=params)
        run = AdReportRun(run["report_run_id"]).api_get()
        self.assertEqual(run["async_status"], "Job Completed")
        self.assertEqual(len(list(run.get_insights())), 3)

    def test_batches(self) -> None:
        account = self.start()
        batch, made, refused = self.api.new_batch(), [], []
        for i in range(3):
            params = CAMPAIGN | {"name": f"c{i}"} | ({"daily_budget": 1} if i == 1 else {})
            account.create_campaign(
                params=params,
                batch=batch,
                success=lambda answer: made.append(answer.json()["id"]),
                failure=lambda answer: refused.append(answer.error()),
            )
        self.assertIsNone(batch.execute())
        self.assertEqual((len(made), len(refused)), (2, 1))
        self.assertEqual((refused[0].api_error_code(), refused[0].api_error_subcode()), (100, 1885272))

    def test_errors_are_told(self) -> None:
        account = self.start()
        wrong = CAMPAIGN | {"daily_budget": 5000}
        campaign = account.create_campaign(params=wrong)["id"]
        with self.assertRaises(FacebookRequestError) as caught:
            account.create_ad_set(params=ad_set(campaign))
        error = caught.exception
        self.assertEqual((error.http_status(), error.api_error_code(), error.api_error_subcode()), (400, 100, 1885621))
        self.assertEqual(error.api_blame_field_specs(), [["daily_budget"]])
        self.assertFalse(error.api_transient_error())

    def test_throttling_is_told(self) -> None:
        account = self.start(quota={"adsManagementPerHour": 2})
        list(account.get_campaigns())
        list(account.get_ad_sets())
        with self.assertRaises(FacebookRequestError) as caught:
            account.create_campaign(params=CAMPAIGN)
        error = caught.exception
        self.assertEqual((error.http_status(), error.api_error_code(), error.api_error_subcode()), (400, 80004, 2446079))
        usage = json.loads(error.http_headers()["x-business-use-case-usage"])
        self.assertGreater(next(iter(usage.values()))[0]["estimated_time_to_regain_access"], 0)

    def test_the_budget_lock_is_told(self) -> None:
        account = self.start()
        _, group, _ = self.line(account)
        for budget in (5100, 5200, 5300, 5400):
            AdSet(group).api_update(params={"daily_budget": budget})
        with self.assertRaises(FacebookRequestError) as caught:
            AdSet(group).api_update(params={"daily_budget": 5500})
        self.assertEqual((caught.exception.api_error_code(), caught.exception.api_error_subcode()), (613, 1487632))

    def test_a_dead_token_is_told(self) -> None:
        token = {"token": TOKEN, "expiresAt": "2027-03-01T18:00:00Z"}
        account = self.start(tokens=[token])
        account.api_get(fields=["name"])
        self.set_clock("2027-03-01T18:00:00Z")
        with self.assertRaises(FacebookRequestError) as caught:
            account.api_get(fields=["name"])
        self.assertEqual((caught.exception.api_error_code(), caught.exception.api_error_subcode()), (190, 463))

    def test_a_creative_is_swapped(self) -> None:
        account = self.start()
        _, _, ad = self.line(account)
        other = AdCreative(account.create_ad_creative(params={"name": "b", "object_story_spec": STORY})["id"])
        Ad(ad).api_update(params={"creative": {"creative_id": other["id"]}})
        self.assertEqual(Ad(ad).api_get(fields=["creative"])["creative"]["id"], other["id"])


class _TextFile:
    """A temporary JSON file, as a context."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __enter__(self) -> str:
        handle, self.name = tempfile.mkstemp(suffix=".json")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(self.text)
        return self.name

    def __exit__(self, *_: object) -> None:
        os.unlink(self.name)


def main() -> int:
    """Returns the exit code: 0 only if all is as it should be."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("adsim")
    SdkTest.program = parser.parse_args().adsim
    # Nothing of this is sent by the project's own code, so it does not belong to its recordings.
    os.environ.pop("ADOPS_RECORD_DIR", None)
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2).run(unittest.defaultTestLoader.loadTestsFromTestCase(SdkTest))
    print(f"facebook-business against adsim: {result.testsRun} run, {len(result.failures) + len(result.errors)} failed")
    return 0 if result.wasSuccessful() and result.testsRun > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
