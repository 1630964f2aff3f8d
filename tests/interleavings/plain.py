"""moto without botocore's models of DynamoDB, which take longer than moto itself.

Inside, moto holds the JSON that is asked and told: binary values are all that has to be read and
worded. The price: a new table, in which there is a date, is made by moto's own handler. Errors are
worded as ever.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from moto.core.responses import ActionResult
from moto.dynamodb.responses import DynamoHandler
from werkzeug.wrappers import Request

from tests.shortcalls import in_base64, with_bytes


class PlainHandler(DynamoHandler):
    """Reads and words DynamoDB's JSON as it is."""

    def parse_parameters(self, request: Request) -> None:
        """Take what is asked as it comes, its binary values as bytes."""
        self.params = json.loads(request.data, object_hook=with_bytes)

    def serialized(self, action_result: ActionResult) -> Any:
        """Return an answer as it is."""
        if isinstance(action_result.result, Exception):
            return super().serialized(action_result)
        told = json.dumps(action_result.result, default=in_base64)
        return int(HTTPStatus.OK), dict(self.response_headers), told
