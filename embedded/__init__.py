"""The servers that `pilito up` starts when no address is given: Postgres, Temporal, embeddings."""
