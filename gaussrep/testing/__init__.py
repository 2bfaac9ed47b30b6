"""Contracts that the tests of any plugin can subclass; they need pytest."""

from gaussrep.testing.renderer_contract import RendererContract

__all__ = ["RendererContract"]
