"""The verbs of `pilito`: one module for each verb or group of verbs, wired together in `cli`."""
