"""Fakes and makers shared by the tests: real little implementations, no mocks."""
