"""Model to bytes and back: the topics and payloads of MQTT, without a client.

Pure: nothing here connects, waits or logs.
"""
