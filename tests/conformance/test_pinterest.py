"""Shows that mistakes in recordings of Pinterest are found."""

import os
import tempfile
import unittest
from pathlib import Path
from typing import Any
from unittest import mock

from checks import pinterest
from checks.recordings import Recording
from checks.report import Report

# As Pinterest's own file has it, cut down.
DESCRIPTION = """
paths:
  /ad_accounts/{ad_account_id}/campaigns:
    get:
      parameters:
      - {$ref: '#/components/parameters/account'}
      - {name: page_size, in: query, schema: {type: integer, minimum: 1, maximum: 250}}
      - name: entity_statuses
        in: query
        schema: {type: array, items: {type: string, enum: [ACTIVE, PAUSED]}}
      responses:
        '200': {content: {application/json: {schema: {type: object, properties: {items: {type: array}}}}}}
    post:
      parameters: [{$ref: '#/components/parameters/account'}]
      requestBody:
        content:
          application/json:
            schema: {type: array, maxItems: 2, minItems: 1, items: {$ref: '#/components/schemas/Create'}}
      responses:
        '200': {content: {application/json: {schema: {type: object, properties: {items: {type: array}}}}}}
components:
  parameters:
    account: {name: ad_account_id, in: path, required: true, schema: {type: string}}
  schemas:
    Error: {type: object, required: [code, message], properties: {code: {type: integer}, message: {type: string}}}
    Common:
      type: object
      properties: {name: {type: string}, daily_spend_cap: {type: integer, nullable: true}, status: {enum: [ACTIVE, PAUSED]}}
    Create:
      allOf: [{$ref: '#/components/schemas/Common'}, {type: object, required: [name, objective_type]}]
      properties: {objective_type: {type: string, enum: [AWARENESS]}}
"""
CAMPAIGN = {"name": "spring", "objective_type": "AWARENESS", "daily_spend_cap": 5_000_000, "status": "PAUSED"}
PATH = "/v5/ad_accounts/1/campaigns"


def recorded(method: str, path: str, body: Any = None, **more: Any) -> Recording:
    """A recorded request."""
    values = {"place": "x:1", "provoking": False, "platform": "pinterest", "status": 200, "response": {"items": []}}
    return Recording(**{**values, "method": method, "path": path, "body": body, **more})


class PinterestTest(unittest.TestCase):
    """Each mistake is told."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        file = Path(folder.name) / "openapi.yaml"
        file.write_text(DESCRIPTION, encoding="utf-8")
        patch = mock.patch.dict(os.environ, {pinterest.DESCRIPTION: str(file)})
        patch.start()
        self.addCleanup(patch.stop)
        pinterest.described.cache_clear()
        self.addCleanup(pinterest.described.cache_clear)

    def check(self, recording: Recording) -> Report:
        """The report of one recording."""
        return pinterest.check([recording])

    def assert_found(self, recording: Recording, problem: str) -> None:
        """A problem is among the failures."""
        failures = list(self.check(recording).failures)
        self.assertTrue(any(problem in failure for failure in failures), failures)

    def test_what_is_right_passes(self) -> None:
        """No false alarm."""
        for recording in [
            recorded("POST", PATH, [CAMPAIGN]),
            recorded("GET", f"{PATH}?page_size=250&entity_statuses=ACTIVE&entity_statuses=PAUSED"),
            recorded("GET", "/v4/ad_accounts/1", status=404, response={"code": 11, "message": "no"}),
        ]:
            report = self.check(recording)
            self.assertEqual((report.failed, report.passed > 0), (0, True), report.failures)

    def test_bodies(self) -> None:
        """Fields, types, enums, sizes, what is required, also where a schema has parts."""
        without = {name: value for name, value in CAMPAIGN.items() if name != "name"}
        for body, problem in [
            ([CAMPAIGN | {"dialy_spend_cap": 1}], "dialy_spend_cap is no field"),
            ([CAMPAIGN | {"daily_spend_cap": "1"}], "daily_spend_cap is no integer"),
            ([CAMPAIGN | {"daily_spend_cap": 1.5}], "daily_spend_cap is no integer"),
            ([CAMPAIGN | {"status": "ENABLED"}], "status is none of its values"),
            ([without], "name is required"),
            ([CAMPAIGN] * 3, "has 3 items"),
            (CAMPAIGN, "is no array"),
        ]:
            self.assert_found(recorded("POST", PATH, body), problem)

    def test_queries(self) -> None:
        """Names, ranges, enums of lists."""
        for query, problem in [
            ("pagesize=1", "pagesize is no parameter"),
            ("page_size=251", "page_size is out of its range"),
            ("page_size=a", "page_size is no integer"),
            ("entity_statuses=ENABLED", "entity_statuses[] is none of its values"),
        ]:
            self.assert_found(recorded("GET", f"{PATH}?{query}"), problem)

    def test_paths_and_answers(self) -> None:
        """What is not there, and errors that are none of Pinterest's."""
        self.assert_found(recorded("DELETE", PATH), "no DELETE")
        self.assert_found(recorded("GET", PATH, status=400, response={"error": "no"}), "code is required")
        self.assert_found(recorded("GET", PATH, response={"list": []}), "list is no field")

    def test_what_the_simulator_refuses_is_wrong(self) -> None:
        """Its own tests may send anything, and it must not refuse what is right."""
        answer = {"code": 1, "message": "Additional properties are not allowed ('a')."}
        wrong = recorded("POST", PATH, [CAMPAIGN | {"a": 1}], provoking=True, status=400, response=answer)
        self.assertEqual(self.check(wrong).failed, 0)
        right = recorded("POST", PATH, [CAMPAIGN], provoking=True, status=400, response=answer)
        self.assert_found(right, "though it is not")


if __name__ == "__main__":
    unittest.main()
