"""Shows that mistakes are found: a check that cannot fail is none."""

import copy
import dataclasses
import unittest
from typing import Any

from checks import conformance, gaql
from checks.recordings import Recording
from checks.report import LEAST, Report

CUSTOMER = "customers/1234567890"
FAILURE = "type.googleapis.com/google.ads.googleads.v26.errors.GoogleAdsFailure"
BAD_REQUEST = "type.googleapis.com/google.rpc.BadRequest"

CREATE = {
    "resourceName": f"{CUSTOMER}/campaigns/-2",
    "name": "spring",
    "status": "PAUSED",
    "advertisingChannelType": "SEARCH",
    "campaignBudget": f"{CUSTOMER}/campaignBudgets/-1",
    "manualCpc": {},
    "containsEuPoliticalAdvertising": "DOES_NOT_CONTAIN_EU_POLITICAL_ADVERTISING",
    "networkSettings": {"targetGoogleSearch": True},
}
UPDATE = {
    "update": {"resourceName": f"{CUSTOMER}/campaignBudgets/7", "amountMicros": "60000000"},
    "updateMask": "amountMicros",
}
QUERY = (
    "SELECT campaign.id, campaign.network_settings.target_google_search, ad_group_criterion.age_range.type, "
    "campaign.labels, metrics.cost_micros FROM campaign WHERE campaign.status IN ('ENABLED', 'PAUSED') "
    "AND segments.date BETWEEN '2027-03-01' AND '2027-03-31' AND campaign.name LIKE '%it\\'s%' "
    "ORDER BY campaign.id DESC, campaign.name LIMIT 10 PARAMETERS include_drafts = true"
)
ANSWER = {
    "results": [{"campaign": {"resourceName": f"{CUSTOMER}/campaigns/2", "id": "2", "status": "PAUSED"}}],
    "fieldMask": "campaign.id,campaign.status",
    "queryResourceConsumption": "201",
}


def error(code: dict[str, str], *place: str, status: int = 400) -> dict[str, Any]:
    """An error as the service sends it."""
    ads = {"errorCode": code, "location": {"fieldPathElements": [{"fieldName": name} for name in place]}}
    return {
        "error": {
            "code": status,
            "message": "Request contains an invalid argument.",
            "status": "INVALID_ARGUMENT",
            "details": [{"@type": FAILURE, "errors": [ads], "requestId": "a"}],
        }
    }


def with_value(value: Any, path: str, new: Any) -> Any:
    """A copy with another value at a path such as `a.0.b`; `None` takes the field out."""
    value = copy.deepcopy(value)
    at = value
    *outer, last = path.split(".")
    for part in outer:
        at = at[int(part)] if isinstance(at, list) else at.setdefault(part, {})
    if new is None:
        del at[last]
    else:
        at[last] = new
    return value


def check(
    action: str, body: Any, status: int = 200, response: Any = None, provoking: bool = False, verb: str = "POST"
) -> Report:
    """What the checks say of one request to the account."""
    path = f"/v26/{CUSTOMER}/{action}"
    response = {} if response is None else response
    return conformance.check([Recording("test:1", provoking, "google", verb, path, body, status, response)])


def create(**fields: Any) -> Report:
    """What the checks say of a campaign's creation in a batch."""
    campaign = {name: value for name, value in (CREATE | fields).items() if value is not None}
    return check("googleAds:mutate", {"mutateOperations": [{"campaignOperation": {"create": campaign}}]})


def update(operation: dict[str, Any]) -> Report:
    """What the checks say of a budget's update."""
    return check("campaignBudgets:mutate", {"operations": [operation]})


def search(query: str, **fields: Any) -> Report:
    """What the checks say of a search."""
    return check("googleAds:search", {"query": query, **fields}, response=ANSWER)


class ConformanceTest(unittest.TestCase):
    """Each right thing passes, and each wrong one beside it fails."""

    def passes(self, report: Report) -> None:
        self.assertEqual((report.failed, report.failures), (0, {}))
        self.assertGreater(report.passed, 0)

    def fails(self, report: Report, reason: str) -> None:
        self.assertGreater(report.failed, 0, f"passed, though it should say: {reason}")
        self.assertIn(reason, "\n".join(report.failures))

    def test_requests_that_are_right_pass(self) -> None:
        self.passes(create())
        self.passes(create(startDateTime="2027-03-10 00:00:00", network_settings={"target_google_search": False}))
        self.passes(update(UPDATE))
        self.passes(update(with_value(UPDATE, "update.amountMicros", 60000000)))
        self.passes(check("campaigns:mutate", {"operations": [{"remove": f"{CUSTOMER}/campaigns/2"}]}))
        self.passes(search(QUERY))

    def test_names_types_enums_and_oneofs_are_checked(self) -> None:
        self.fails(create(headline="spring"), 'no field named "headline"')
        self.fails(create(networkSettings={"targetGoogle": True}), 'no field named "targetGoogle"')
        self.fails(create(status="STOPPED"), "STOPPED")
        self.fails(create(name=7), "name")
        self.fails(create(targetSpend={}), "oneof")
        self.fails(update(with_value(UPDATE, "update.amountMicros", "6e7.5")), "amountMicros")
        self.fails(check("campaigns:mutate", [UPDATE]), "an object is needed")
        self.fails(search(QUERY, pageLength=10), 'no field named "pageLength"')

    def test_what_only_the_server_sets_is_not_sent(self) -> None:
        self.fails(create(servingStatus="SERVING"), "create.serving_status is output only")
        self.fails(create(id="2"), "create.id is output only")
        self.fails(update(with_value(UPDATE, "updateMask", "amountMicros,status")), "status is output only")
        operation = {"update": {"resourceName": f"{CUSTOMER}/campaigns/2"}, "updateMask": "advertisingChannelType"}
        self.fails(check("campaigns:mutate", {"operations": [operation]}), "advertising_channel_type is immutable")

    def test_update_masks_name_what_is_set_and_exists(self) -> None:
        self.fails(update(with_value(UPDATE, "updateMask", "amount")), "has no field amount")
        self.fails(update(with_value(UPDATE, "updateMask", None)), "update without an update mask")
        self.fails(update(with_value(UPDATE, "update.name", "spring")), "update.name is set but not in the update mask")
        self.fails(update(with_value(UPDATE, "update.resourceName", None)), "update without a resource name")
        operation = {
            "update": {"resourceName": f"{CUSTOMER}/campaigns/2", "networkSettings": {"targetGoogleSearch": True}},
            "updateMask": "networkSettings.targetGoogleSearch",
        }
        self.passes(check("campaigns:mutate", {"operations": [operation]}))
        operation["updateMask"] = "networkSettings"
        self.fails(check("campaigns:mutate", {"operations": [operation]}), "has fields of its own")
        operation["update"] = {"resourceName": f"{CUSTOMER}/campaigns/2", "maximizeConversions": {}}
        operation["updateMask"] = "maximizeConversions.targetCpaMicros"
        self.passes(check("campaigns:mutate", {"operations": [operation]}))
        operation["updateMask"] = "maximizeConversions"
        self.fails(check("campaigns:mutate", {"operations": [operation]}), "has fields of its own")
        operation["updateMask"] = "networkSettings.targetGoogleSearch.deep"
        self.fails(check("campaigns:mutate", {"operations": [operation]}), "has no field")

    def test_operations_do_something(self) -> None:
        self.fails(check("campaigns:mutate", {"operations": [{}]}), "an operation that does nothing")
        self.fails(check("googleAds:mutate", {"mutateOperations": [{}]}), "an operation that does nothing")
        self.fails(check("campaigns:mutate", {}), "campaigns:mutate.operations is required")
        self.fails(check("googleAds:search", {}, response=ANSWER), "SELECT is expected")

    def test_methods_are_known(self) -> None:
        for action in ("googleAds:mutates", "campaign:mutate", "campaigns:search", "campaigns", "googleAds:mutate?a=b"):
            self.fails(check(action, {}), "of the API")
        self.fails(check("googleAds:search", {"query": QUERY}, verb="GET"), "GET of googleAds:search")
        old = Recording("test:1", False, "google", "POST", f"/v25/{CUSTOMER}/googleAds:search", {}, 200, {})
        self.fails(conformance.check([old]), "of v25 instead of v26")
        self.assertEqual(conformance.check([dataclasses.replace(old, provoking=True)]).passed, 0)

    def test_answers_are_checked(self) -> None:
        def answer(path: str, new: Any) -> Report:
            return check("googleAds:search", {"query": QUERY}, response=with_value(ANSWER, path, new))

        self.fails(answer("results.0.campaign.state", "PAUSED"), 'no field named "state"')
        self.fails(answer("results.0.campaign.status", "STOPPED"), "STOPPED")
        self.fails(answer("fieldMask", "campaign.network_settings"), 'must not contain "_"')
        self.fails(answer("pages", 1), 'no field named "pages"')
        self.fails(check("googleAds:searchStream", {"query": QUERY}, response=ANSWER), "a stream is a list")
        self.passes(check("googleAds:searchStream", {"query": QUERY}, response=[ANSWER]))
        self.fails(create_with_answer({"mutateOperationResponses": [{"campaign": {}}]}), 'no field named "campaign"')
        result = {"campaignResult": {"resourceName": f"{CUSTOMER}/campaigns/2"}}
        self.passes(create_with_answer({"mutateOperationResponses": [result]}))

    def test_errors_are_checked(self) -> None:
        place = ("mutate_operations", "campaign_operation", "create", "name")
        right = error({"campaignError": "DUPLICATE_CAMPAIGN_NAME"}, *place)
        self.passes(create_with_answer(right, 400))
        self.passes(create_with_answer("<html>502</html>", 502))
        self.fails(create_with_answer(error({"campaignError": "NAME_TAKEN"}, *place), 400), "NAME_TAKEN")
        self.fails(create_with_answer(error({"campaignErrors": "UNKNOWN"}, *place), 400), "campaignErrors")
        self.fails(create_with_answer(error({}, *place), 400), "an error without a code")
        oneof = (*place[:-1], "campaign_bidding_strategy")
        self.passes(create_with_answer(error({"fieldError": "REQUIRED"}, *oneof), 400))
        misplaced = error({"campaignError": "DUPLICATE_CAMPAIGN_NAME"}, "operations", "create", "name")
        self.fails(create_with_answer(misplaced, 400), "MutateGoogleAdsRequest has no place operations.create.name")
        self.fails(create_with_answer(right, 403), "code 400 of an answer with status 403")
        self.fails(create_with_answer(with_value(right, "error.status", "WRONG"), 400), "WRONG")
        other = with_value(right, "error.details.0.@type", FAILURE.replace("v26", "v27"))
        self.fails(create_with_answer(other, 400), "v27")
        other["error"]["details"][0]["errors"] = [{"errorCode": {"requestError": "UNSUPPORTED_VERSION"}}]
        self.passes(create_with_answer(other, 400))
        partial = {"code": 3, "message": "a", "details": right["error"]["details"]}
        self.passes(create_with_answer({"partialFailureError": partial}))
        partial["details"] = error({"campaignError": "NAME_TAKEN"}, *place)["error"]["details"]
        self.fails(create_with_answer({"partialFailureError": partial}), "NAME_TAKEN")

    def test_the_simulator_refuses_what_google_refuses_and_no_more(self) -> None:
        violation = {"@type": BAD_REQUEST, "fieldViolations": [{"description": "Cannot find field."}]}
        body = {"code": 400, "message": "a", "status": "INVALID_ARGUMENT", "details": [violation]}
        wrong, right = {"operations": [UPDATE | {"updates": {}}]}, {"operations": [UPDATE]}

        def provoke(request: Any, status: int, response: Any) -> Report:
            return check("campaignBudgets:mutate", request, status, response, provoking=True)

        self.passes(provoke(wrong, 400, {"error": body}))
        self.passes(provoke(right, 200, {}))
        self.fails(provoke(wrong, 200, {}), 'no field named "updates"')
        self.fails(provoke(right, 400, {"error": body}), "refused as malformed, though it is not")
        self.fails(check("campaignBudgets:mutate", wrong, 400, {"error": body}), 'no field named "updates"')

    def test_nothing_recorded_is_a_failure(self) -> None:
        report = conformance.check([])
        report.check_coverage()
        self.assertEqual(report.failed, len(LEAST))


class QueryTest(unittest.TestCase):
    """Queries: grammar and names."""

    def test_queries_that_are_right_pass(self) -> None:
        self.assertEqual(gaql.check(QUERY).resource, "campaign")
        gaql.check("SELECT geo_target_constant.id FROM geo_target_constant WHERE geo_target_constant.id NOT IN (1, -2)")
        gaql.check("select campaign.id from campaign where segments.date during TODAY and campaign.name is not null")

    def test_names_and_values_that_do_not_exist_are_found(self) -> None:
        for right, wrong, reason in (
            ("campaign.id,", "campaign.ids,", "Campaign has no field ids"),
            ("campaign.id,", "campaign.id.value,", "nothing is below id"),
            ("campaign.id,", "campaign.network_settings,", "a whole message cannot be selected"),
            ("campaign.id,", "campaign.url_custom_parameters.key,", "nothing is below"),
            ("campaign.id,", "campaignId,", "a name is expected"),
            ("metrics.cost_micros", "metrics.cost", "Metrics has no field cost"),
            ("FROM campaign", "FROM campaigns", "no such resource"),
            ("FROM campaign", "FROM metrics", "no such resource"),
            ("'ENABLED'", "'LIVE'", "CampaignStatus has no value 'LIVE'"),
            ("segments.date", "segments.day", "Segments has no field day"),
            ("DESC, campaign.name", "DESC, campaign.title", "Campaign has no field title"),
            ("include_drafts", "with_drafts", "no such parameter"),
            ("LIKE", "IS LIKE", "NULL is expected"),
            ("BETWEEN", "DURING", "no such date range"),
            (" LIMIT 10", " LIMIT 10 OFFSET 10", "nothing more is expected"),
            ("SELECT ", "", "SELECT is expected"),
            ("AND campaign.name", "OR campaign.name", "nothing more is expected"),
            ("'%it", "%it", "cannot be read from here"),
        ):
            with self.subTest(wrong):
                self.assertIn(right, QUERY)
                query = QUERY.replace(right, wrong)
                with self.assertRaises(gaql.QueryError) as caught:
                    gaql.check(query)
                self.assertIn(reason, str(caught.exception))


def create_with_answer(response: Any, status: int = 200) -> Report:
    """What the checks say of an answer to a campaign's creation."""
    body = {"mutateOperations": [{"campaignOperation": {"create": CREATE}}]}
    return check("googleAds:mutate", body, status, response)


if __name__ == "__main__":
    unittest.main()
