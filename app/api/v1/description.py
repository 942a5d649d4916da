"""The OpenAPI description, made from the schemas once for each process."""

from functools import cache
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin

from app.api.v1.schemas import PAGES, Asked, Refusal

SUMMARIES = {"units": "机构清单", "people": "人员清单（证件号码已遮盖）", "cases": "业务清单"}
REFUSALS = {
    "400": "参数含有空字符，或数字超过十八位",
    "401": "没有令牌，或令牌无效、已到期、已吊销",
    "403": "令牌的身份不看业务数据",
    "422": "参数不合规定",
    "429": "请求过于频繁",
}


@cache
def document() -> dict[str, Any]:
    """The description as it is served."""
    spec = APISpec(
        title="编制 Bianzhi",
        version="1",
        openapi_version="3.0.3",
        plugins=[MarshmallowPlugin()],
        info={"description": "只读接口。以“我的账户”页面签发的令牌访问，所见范围与签发时的身份相同。"},
        servers=[{"url": "/api/v1"}],
        security=[{"bearer": []}],
    )
    spec.components.security_scheme("bearer", {"type": "http", "scheme": "bearer"})
    refusals = {
        status: {"description": text, "content": {"application/json": {"schema": Refusal}}}
        for status, text in REFUSALS.items()
    }
    for name, page in PAGES.items():
        good = {"description": "一页", "content": {"application/json": {"schema": page}}}
        spec.path(
            path=f"/{name}",
            operations={
                "get": {
                    "operationId": name,
                    "summary": SUMMARIES[name],
                    "parameters": [{"in": "query", "schema": Asked}],
                    "responses": {"200": good, **refusals},
                }
            },
        )
    return dict(spec.to_dict())
