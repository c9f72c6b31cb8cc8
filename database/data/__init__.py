"""All data of a person, a store or an installation: exported, and as it is in a backup."""
