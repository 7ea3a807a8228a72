"""A small MCP server of a shop, written with the official SDK: the other end of the tests, run as a
program."""

from __future__ import annotations

import os
import sys
import time

from mcp.server.mcpserver import MCPServer
from pydantic import BaseModel


class Status(BaseModel):
    status: str
    days: int


def shop() -> MCPServer:
    """A shop with two orders, and tools that misbehave when asked to."""
    server = MCPServer("shop")
    orders = {"A17": Status(status="on its way", days=2), "B5": Status(status="delivered", days=0)}
    cancelled: list[str] = []

    @server.tool()
    def order_status(number: str) -> Status:
        """Where an order is."""
        if number not in orders:
            raise ValueError("no such order")
        return orders[number]

    @server.tool()
    def cancel_order(number: str) -> str:
        """Cancel an order."""
        cancelled.append(number)
        return f"Order {number} is cancelled."

    @server.tool()
    def cancelled_orders() -> list[str]:
        """Which orders were cancelled."""
        return cancelled

    @server.tool()
    def note(text: str) -> str:
        """Gives back what it was told."""
        return text

    @server.tool()
    def dawdle() -> str:
        """Takes its time."""
        time.sleep(30)
        return "late"

    @server.tool()
    def die() -> str:
        """Ends the server."""
        os._exit(3)

    @server.tool()
    def secret() -> str:
        """What the environment holds."""
        return os.environ.get("SHOP_KEY", "nothing") + os.environ.get("NOT_FOR_TOOLS", "")

    return server


if __name__ == "__main__":
    shop().run("stdio" if sys.argv[1:] != ["http"] else "streamable-http")
