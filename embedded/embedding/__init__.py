"""The local embedding server: OpenAI's protocol, a model by meaning, and a stand-in that compares words."""
