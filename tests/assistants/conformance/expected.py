"""The checks of the conformance suite that this server cannot pass, each with the reason.

Every other check must pass, and one of these that passes fails the test: then remove it here.
"""

from collections.abc import Mapping

_ITS_OWN_TOOL = "The suite calls a tool of its own, which a server has only for the suite."
_NO_HEADER = "No tool asks clients to repeat an argument in a header."
_NO_RESOURCES = "The server has no resources, and does not declare any."
_NO_PROMPTS = "The server has no prompts, and does not declare any."
_NO_COMPLETION = "The server completes no arguments, and does not declare it."
_NO_LOGGING = "The server sends no log messages, which 2026-07-28 deprecates, and does not declare any."

EXPECTED: Mapping[str, str] = {
    **dict.fromkeys(
        (
            "elicitation-sep1034-general",
            "elicitation-sep1330-general",
            "json-schema-2020-12-tool-found",
            "sep-2322-elicitation-incomplete",
            "sep-2322-list-roots-incomplete",
            "sep-2322-multi-round-r1",
            "sep-2322-multiple-inputs-incomplete",
            "sep-2322-reject-tampered-state",
            "sep-2322-request-state-incomplete",
            "sep-2322-respect-client-capabilities",
            "sep-2322-result-type-included",
            "sep-2322-sampling-incomplete",
            "sep-2575-http-server-no-independent-requests-on-stream",
            "sep-2575-missing-capability-http-400",
            "sep-2575-server-no-log-without-loglevel",
            "sep-2575-server-rejects-undeclared-capability",
            "tools-call-audio",
            "tools-call-elicitation",
            "tools-call-embedded-resource",
            "tools-call-error",
            "tools-call-image",
            "tools-call-mixed-content",
            "tools-call-sampling",
            "tools-call-simple-text",
            "tools-call-with-progress",
        ),
        _ITS_OWN_TOOL,
    ),
    **dict.fromkeys(
        (
            "sep-2243-server-decode-base64",
            "sep-2243-server-no-xmcp-tool",
            "sep-2243-server-reject-invalid-param-chars",
            "sep-2243-server-reject-param-mismatch",
            "sep-2243-server-validate-param-match",
        ),
        _NO_HEADER,
    ),
    **dict.fromkeys(
        (
            "resources-list",
            "resources-read-binary",
            "resources-read-text",
            "resources-subscribe",
            "resources-templates-read",
            "resources-unsubscribe",
            "sep-2549-resources-list-caching-hints",
            "sep-2549-resources-templates-list-caching-hints",
        ),
        _NO_RESOURCES,
    ),
    **dict.fromkeys(
        (
            "prompts-get-embedded-resource",
            "prompts-get-simple",
            "prompts-get-with-args",
            "prompts-get-with-image",
            "prompts-list",
            "sep-2322-non-tool-incomplete",
            "sep-2549-prompts-list-caching-hints",
        ),
        _NO_PROMPTS,
    ),
    "completion-complete": _NO_COMPLETION,
    "logging-set-level": _NO_LOGGING,
    "tools-call-with-logging": _NO_LOGGING,
}
"""Id of a check -> why it cannot pass."""

PASSED: Mapping[str, Mapping[str, int]] = {
    "2026-07-28": {
        "caching": 4,
        "dns-rebinding-protection": 2,
        "http-header-validation": 14,
        "input-required-result-unsupported-methods": 2,
        "input-required-result-validate-input": 3,
        "server-sse-multiple-streams": 1,
        "server-stateless": 21,
        "tools-list": 4,
    },
    "2025-11-25": {"dns-rebinding-protection": 2, "ping": 2, "server-initialize": 2, "tools-list": 3},
    "2025-06-18": {"ping": 2, "server-initialize": 2, "tools-list": 2},
}
"""Version -> scenario -> how many of its checks pass."""
