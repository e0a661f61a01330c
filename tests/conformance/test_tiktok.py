"""Shows that mistakes in recordings of TikTok are found."""

import os
import tempfile
import unittest
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import urlencode

from checks import tiktok
from checks.recordings import Recording
from checks.report import Report

OK = {"code": 0, "message": "OK", "request_id": "a", "data": {}}
CREATE = {
    "advertiser_id": "1",
    "request_id": "2",
    "campaign_name": "spring",
    "objective_type": "WEB_CONVERSIONS",
    "budget": 50.5,
    "budget_optimize_on": True,
}
GROUP = {
    "advertiser_id": "1",
    "request_id": "2",
    "campaign_id": "3",
    "adgroup_name": "de",
    "promotion_type": "WEBSITE",
    "optimization_goal": "CONVERT",
    "billing_event": "OCPM",
    "schedule_type": "SCHEDULE_FROM_NOW",
    "schedule_start_time": "2027-03-01 17:00:00",
    "targeting_spec": {"location_ids": ["2921044"]},
}
# As TikTok's own file has it, cut down.
DESCRIPTION = """
paths:
  /smart_plus/campaign/status/update/:
    post:
      requestBody:
        content:
          application/json:
            schema:
              properties:
                campaign_ids: {type: array, minItems: 1, maxItems: 20, items: {type: string}}
                operation_status:
                  type: string
                  x-open-enum:
                    enum_package_name: OptStatus
                    use_part: false
                    enums: [{key: ENABLE, is_valid: true}, {key: DISABLE, is_valid: true}]
"""


def post(path: str, body: Any, answer: Any = OK, **more: Any) -> Recording:
    """A recorded POST."""
    return _recording("POST", path, body, answer, **more)


def get(path: str, query: dict[str, str], answer: Any = OK, **more: Any) -> Recording:
    """A recorded GET."""
    return _recording("GET", f"{path}?{urlencode(query)}", None, answer, **more)


def _recording(verb: str, path: str, body: Any, answer: Any, **more: Any) -> Recording:
    values = {"place": "x:1", "provoking": False, "platform": "tiktok", "method": verb, "status": 200}
    return Recording(**{**values, "path": f"/open_api/v1.3/{path}", "body": body, "response": answer, **more})


def failures(*recordings: Recording) -> list[str]:
    """What is wrong."""
    return [text.split(": ", 1)[1] for text in _report(*recordings).failures]


def _report(*recordings: Recording) -> Report:
    return tiktok.check(recordings)


class TikTokTest(unittest.TestCase):
    """Requests and answers, right and wrong."""

    def setUp(self) -> None:
        environment = {name: value for name, value in os.environ.items() if name != tiktok.DESCRIPTION}
        patch = mock.patch.dict(os.environ, environment, clear=True)
        patch.start()
        self.addCleanup(patch.stop)
        self.addCleanup(tiktok.described.cache_clear)
        tiktok.described.cache_clear()

    def test_requests_that_are_right_pass(self) -> None:
        report = _report(
            post("smart_plus/campaign/create/", CREATE),
            post("smart_plus/adgroup/create/", GROUP),
            get("smart_plus/campaign/get/", {"advertiser_id": "1", "filtering": '{"campaign_name": "7f3c"}', "page": "2"}),
            get("tool/region/", {"advertiser_id": "1", "placements": '["PLACEMENT_TIKTOK"]', "objective_type": "X"}),
            post("file/video/ad/upload/", {"advertiser_id": "1", "upload_type": "UPLOAD_BY_URL", "video_url": "x"}),
        )
        self.assertEqual((report.failed, report.passed), (0, 10), report.failures)

    def test_names_types_and_what_is_required_are_checked(self) -> None:
        create = "smart_plus/campaign/create/"
        for recording, problem in [
            (post(create, {**CREATE, "budgets": 5}), "budgets is no field"),
            (post(create, {**CREATE, "budget": "50"}), "budget is no float: '50'"),
            (post(create, {**CREATE, "budget": True}), "budget is no float: True"),
            (post(create, {**CREATE, "advertiser_id": 1}), "advertiser_id is no str: 1"),
            (post(create, {k: v for k, v in CREATE.items() if k != "request_id"}), "request_id is required"),
            (
                post("smart_plus/adgroup/create/", {**GROUP, "targeting_spec": {"locations": ["2921044"]}}),
                "targeting_spec.locations is no field",
            ),
            (
                post("smart_plus/adgroup/create/", {**GROUP, "targeting_spec": {"location_ids": [2921044]}}),
                "targeting_spec.location_ids.0 is no str: 2921044",
            ),
            (get("smart_plus/campaign/get/", {}), "advertiser_id is required"),
            (get("smart_plus/campaign/get/", {"advertiser_id": "1", "name": "x"}), "name is no field"),
            (get("smart_plus/campaign/get/", {"advertiser_id": "1", "page": "x"}), "page is no int: x"),
            (
                get("smart_plus/campaign/get/", {"advertiser_id": "1", "filtering": '{"name": "x"}'}),
                "filtering.name is no field",
            ),
            (post("smart_plus/campaign/get/", {}), "POST instead of GET"),
            (post("smart_plus/campaigns/get/", {}), "no path of the API: /open_api/v1.3/smart_plus/campaigns/get/"),
            (post("smart_plus/campaign/get", {}), "no path of the API: /open_api/v1.3/smart_plus/campaign/get"),
        ]:
            with self.subTest(problem):
                self.assertEqual(failures(recording), [problem])

    def test_answers_have_their_envelope(self) -> None:
        for answer, problem in [
            ({**OK, "code": "0"}, "the envelope's code is '0'"),
            ({k: v for k, v in OK.items() if k != "request_id"}, "the envelope's request_id is None"),
            ({**OK, "error": "x"}, "the envelope has no error"),
            ("OK", "an answer without envelope"),
        ]:
            with self.subTest(problem):
                self.assertEqual(failures(post("smart_plus/campaign/create/", CREATE, answer)), [problem])

    def test_the_simulator_refuses_what_is_wrong_and_no_more(self) -> None:
        refusal = {**OK, "code": 40002, "message": "x: Unknown field."}
        wrong = {**CREATE, "x": 1}
        create = "smart_plus/campaign/create/"
        self.assertEqual(failures(post(create, wrong, refusal, provoking=True)), [])
        self.assertEqual(failures(post(create, wrong, OK, provoking=True)), ["x is no field"])
        self.assertEqual(failures(post(create, wrong, refusal)), ["x is no field"])
        self.assertEqual(failures(post(create, CREATE, refusal, provoking=True)), ["refused as malformed, though it is not"])
        self.assertEqual(failures(post("other/", {}, OK, provoking=True, status=404)), [])

    def test_enums_and_sizes_need_the_description(self) -> None:
        body = {"advertiser_id": "1", "campaign_ids": ["1"] * 21, "operation_status": "PAUSED"}
        recording = post("smart_plus/campaign/status/update/", body)
        self.assertEqual(failures(recording), [])
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "openapi.yml")
            file.write_text(DESCRIPTION, encoding="utf-8")
            with mock.patch.dict(os.environ, {tiktok.DESCRIPTION: str(file)}):
                tiktok.described.cache_clear()
                found = failures(recording)
        self.assertEqual(found, ["campaign_ids has 21 items instead of 1 to 20", "operation_status is no OptStatus: PAUSED"])

    def test_other_platforms_are_not_its_affair(self) -> None:
        self.assertEqual(_report(post("other/", {}, platform="google")), Report())


if __name__ == "__main__":
    unittest.main()
