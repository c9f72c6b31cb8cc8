"""Product feeds: files of all products of a store, in the format of OpenAI or of Google, as pure functions.

A row is one purchasable item: a variation, or a product without variations. Nothing is invented: a row that
lacks a value that its format requires is left out, and the report names it.
"""
