"""A run to draw from, and a folder to work in."""

import pytest
from support.runs import TINY_STYLEGAN2, TINY_VAE, TINY_VQVAE, write_run


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return write_run(tmp_path_factory.mktemp("run")).path


@pytest.fixture(scope="module")
def vae(tmp_path_factory):
    return write_run(tmp_path_factory.mktemp("vae"), TINY_VAE).path


@pytest.fixture(scope="module")
def vqvae(tmp_path_factory):
    return write_run(tmp_path_factory.mktemp("vqvae"), TINY_VQVAE).path


@pytest.fixture(scope="module")
def stylegan2(tmp_path_factory):
    return write_run(tmp_path_factory.mktemp("stylegan2"), TINY_STYLEGAN2).path


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path
