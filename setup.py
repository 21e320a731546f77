"""The package's module in C, which setup.cfg cannot name; all else is said there."""

from setuptools import Extension, setup

setup(ext_modules=[Extension("softbalance.rules.call_object", ["rules/call_object.c"])])
