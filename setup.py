"""The package's module in C, which setup.cfg cannot name; all else is said there."""

from setuptools import Extension, setup

CALL_OBJECT = Extension("softbalance.rules.episode.call_object", ["rules/episode/call_object.c"])
setup(ext_modules=[CALL_OBJECT])
