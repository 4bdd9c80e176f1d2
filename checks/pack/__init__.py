"""The check pack of aris3_client_sdk: its promises, limitations and seeded defects, a folder a family."""
