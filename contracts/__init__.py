"""The types that cross borders; standard library and pydantic only."""
