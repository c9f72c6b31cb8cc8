"""Verbs about stores and what belongs to them: tokens, events, syncs, synonyms and feeds."""
