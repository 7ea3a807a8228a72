"""How clients reach a call: WebSocket and WebRTC."""
