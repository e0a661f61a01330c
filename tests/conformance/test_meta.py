"""Shows that mistakes in recordings of Meta are found: a check that cannot fail is none."""

import json
import unittest
from typing import Any

from checks.meta import conformance
from checks.meta.requests import field_tree
from checks.recordings import Recording
from checks.report import Report

ACCOUNT = "act_2345678901"
CAMPAIGN = {
    "name": "spring",
    "objective": "OUTCOME_SALES",
    "status": "PAUSED",
    "special_ad_categories": "[]",
    "is_adset_budget_sharing_enabled": "false",
    "access_token": "(secret)",
}
AD_SET = {
    "name": "all",
    "campaign_id": "120200000000001",
    "daily_budget": "5000",
    "billing_event": "IMPRESSIONS",
    "optimization_goal": "LINK_CLICKS",
    "targeting": json.dumps({"geo_locations": {"countries": ["US"]}}),
    "adlabels": json.dumps([{"id": "7"}]),
}
ERROR = {"message": "Invalid parameter", "type": "OAuthException", "code": 100, "fbtrace_id": "A"}


def one(path: str, body: Any = None, verb: str = "POST", status: int = 200, response: Any = None, **words: Any) -> Recording:
    """A recorded request."""
    response = {"id": "120200000000001"} if response is None else response
    path = f"/v26.0/{path}" if not path.startswith("/") else path
    return Recording("test:1", words.get("provoking", False), "meta", verb, path, body, status, response)


class MetaTest(unittest.TestCase):
    """Each right thing passes, and each wrong one beside it fails."""

    def passes(self, *recordings: Recording) -> Report:
        report = conformance.check(recordings)
        self.assertEqual((report.failed, report.failures), (0, {}))
        self.assertGreater(report.passed, 0)
        return report

    def fails(self, reason: str, *recordings: Recording) -> None:
        report = conformance.check(recordings)
        self.assertGreater(report.failed, 0, f"passed, though it should say: {reason}")
        self.assertIn(reason, "\n".join(report.failures))

    def test_names_types_and_enums_of_parameters(self) -> None:
        self.passes(one(f"{ACCOUNT}/campaigns", CAMPAIGN), one(f"{ACCOUNT}/adsets", AD_SET))
        for path, base, wrong, reason in (
            ("campaigns", CAMPAIGN, {"special_ad_category": "NONE"}, "no parameter special_ad_category"),
            ("campaigns", CAMPAIGN, {"objective": "OUTCOME_SALE"}, "objective is no objective_enum"),
            ("campaigns", CAMPAIGN, {"special_ad_categories": '["CARS"]'}, "special_ad_categories is no list"),
            ("campaigns", CAMPAIGN, {"is_adset_budget_sharing_enabled": "perhaps"}, "is no bool"),
            ("campaigns", CAMPAIGN, {"daily_budget": "50.5"}, "daily_budget is no unsigned int"),
            ("adsets", AD_SET, {"execution_options": '["validate"]'}, "execution_options is no list"),
            ("adsets", AD_SET, {"adlabels": "7"}, "adlabels is no list"),
        ):
            with self.subTest(wrong=wrong):
                self.fails(reason, one(f"{ACCOUNT}/{path}", base | wrong))

    def test_methods_and_versions(self) -> None:
        self.fails("is no method of AdAccount", one(f"{ACCOUNT}/campaign", CAMPAIGN))
        self.fails("is no method", one("120200000000001", verb="PATCH"))
        self.fails("version v25.0 instead of", one(f"/v25.0/{ACCOUNT}/campaigns", CAMPAIGN))
        self.passes(one("me?fields=id", verb="GET", response={"id": "1"}))
        self.fails("no parameter token", one("debug_token?token=x", verb="GET", response={"data": {}}))

    def test_the_kind_of_an_id_is_learnt(self) -> None:
        create = one(f"{ACCOUNT}/campaigns", CAMPAIGN)
        self.passes(create, one("120200000000001", {"daily_budget": "6000"}, response={"success": True}))
        update = one("120200000000001", {"targeting": "{}"}, response={"success": True})
        self.fails("no parameter targeting", create, update)
        self.passes(update)

    def test_fields(self) -> None:
        rows = {"data": [{"id": "1", "adlabels": [{"id": "7", "name": "a"}]}], "paging": {}}
        path = f"{ACCOUNT}/campaigns?limit=5&fields="
        self.passes(one(path + "id,adlabels{id,name},adsets.limit(5){id,daily_budget}", verb="GET", response=rows))
        for fields, reason in (
            ("id,budget", "Campaign has no field budget"),
            ("adlabels{title}", "AdLabel has no field title"),
            ("adsets{budget}", "AdSet has no field budget"),
            ("name{id}", "nothing is below Campaign.name"),
            ("adlabels{id", "} is expected"),
        ):
            with self.subTest(fields=fields):
                self.fails(reason, one(path + fields, verb="GET", response=rows))
        self.fails("no parameter limits", one(f"{ACCOUNT}/campaigns?limits=5", verb="GET", response=rows))
        self.assertEqual(field_tree('["id","name"]'), {"id": {}, "name": {}})

    def test_answers(self) -> None:
        def answer(row: dict[str, Any]) -> Recording:
            return one(f"{ACCOUNT}/campaigns", verb="GET", response={"data": [row]})

        self.passes(answer({"id": "1", "effective_status": "PAUSED"}))
        self.fails("Campaign has no field budget", answer({"budget": "1"}))
        self.fails("effective_status has no value STOPPED", answer({"effective_status": "STOPPED"}))
        self.fails("AdLabel has no field title", answer({"adlabels": [{"title": "a"}]}))
        self.fails("unknown created", one(f"{ACCOUNT}/campaigns", CAMPAIGN, response={"created": "1"}))
        self.fails("unknown parts: rows", one(f"{ACCOUNT}/ads", verb="GET", response={"rows": []}))

    def test_errors(self) -> None:
        def refused(error: dict[str, Any]) -> Recording:
            return one(f"{ACCOUNT}/campaigns", CAMPAIGN, status=400, response={"error": error})

        self.passes(refused(ERROR))
        self.fails("errors have no status", refused(ERROR | {"status": "BAD"}))
        self.fails("the code of an error is a number", refused(ERROR | {"code": "100"}))

    def test_batches(self) -> None:
        def batch(body: str) -> Recording:
            items = [{"method": "POST", "relative_url": f"{ACCOUNT}/adlabels", "body": body}]
            return one("", {"batch": json.dumps(items)}, response=[{"code": 200, "body": '{"id":"7"}'}])

        self.passes(batch("name=a"))
        self.fails("no parameter title", batch("title=a"))

    def test_the_simulator_refuses_what_it_calls_unknown_rightly(self) -> None:
        strict = {"error": ERROR | {"message": "(#100) The simulator is strict: no parameter"}}
        right = one(f"{ACCOUNT}/campaigns", CAMPAIGN, status=400, response=strict, provoking=True)
        self.fails("refused as unknown, though it is not", right)
        wrong = one(f"{ACCOUNT}/campaigns", CAMPAIGN | {"x": "1"}, status=400, response=strict, provoking=True)
        self.passes(wrong)
        self.fails("no parameter x", one(f"{ACCOUNT}/campaigns", CAMPAIGN | {"x": "1"}, provoking=True))


if __name__ == "__main__":
    unittest.main()
