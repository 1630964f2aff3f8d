"""moto without botocore's models of DynamoDB, which take longer than moto itself.

Inside, moto holds the JSON that is asked and told: binary values are all that has to be read and
worded. The price: a new table, in which there is a date, is made by moto's own handler. Errors are
worded as ever.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult
from moto.core.utils import camelcase_to_underscores
from moto.dynamodb.responses import DynamoHandler
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request

from tests.shortcalls import in_base64, with_bytes


class PlainHandler(DynamoHandler):
    """Reads and words DynamoDB's JSON as it is."""

    def parse_parameters(self, request: Request) -> None:
        """Take what is asked as it comes, its binary values as bytes."""
        self.params = json.loads(request.data, object_hook=with_bytes)

    def call_action(self) -> Any:
        """Do what is asked, without looking through all that moto could do."""
        self.body = self.params
        try:
            told = getattr(self, camelcase_to_underscores(self._get_action()))()
        except ServiceException as refusal:
            return self.serialized(ActionResult(refusal))
        except HTTPException as refusal:
            return refusal.code, dict(self.response_headers), refusal.description
        if isinstance(told, ActionResult):
            return self.serialized(told)
        assert isinstance(told, str), "moto words itself what it does not leave to botocore"
        return int(HTTPStatus.OK), dict(self.response_headers), told

    def serialized(self, action_result: ActionResult) -> Any:
        """Return an answer as it is."""
        if isinstance(action_result.result, Exception):
            return super().serialized(action_result)
        told = json.dumps(action_result.result, default=in_base64)
        return int(HTTPStatus.OK), dict(self.response_headers), told
