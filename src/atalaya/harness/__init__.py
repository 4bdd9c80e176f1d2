"""The promises of the SDK, and the checks that test them."""
