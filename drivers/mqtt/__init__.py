"""Devices that already speak MQTT: topics, values in payloads, commands by template.

Bridges of other field buses arrive this way too.
"""

from drivers.mqtt.entry import MqttPackage

package = MqttPackage()

__all__ = ["package"]
