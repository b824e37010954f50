"""A client that was not made for Corten: gRPC's library for Python, which learns by reflection what a node serves.

Prints as JSON which services there are, the name that the node tells, and how many lines of init's log it read.
"""

import json
import sys

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

REFLECTION = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"


def fields(data):
    """The fields of a message as pairs of number and value; those of reflection have lengths or are numbers."""
    at = 0

    def number():
        nonlocal at
        value, shift = 0, 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(data):
        tag = number()
        if tag & 7 == 2:
            length = number()
            yield tag >> 3, data[at : at + length]
            at += length
        else:
            yield tag >> 3, number()


def inside(data, *path):
    """The values at a path of field numbers."""
    for field, value in fields(data):
        if field == path[0]:
            if len(path) == 1:
                yield value
            else:
                yield from inside(value, *path[1:])


def ask(channel, field, text):
    """The answer to one question of reflection."""
    request = bytes([field << 3 | 2, len(text)]) + text.encode()
    return next(channel.stream_stream(REFLECTION)(iter([request]), timeout=20))


def main(address, authority, certificate, key):
    def read(path):
        with open(path, "rb") as file:
            return file.read()

    credentials = grpc.ssl_channel_credentials(read(authority), read(key), read(certificate))
    with grpc.secure_channel(address, credentials) as channel:
        services = sorted(name.decode() for name in inside(ask(channel, 7, ""), 6, 1, 1))
        pool = descriptor_pool.DescriptorPool()
        for service in ("corten.v1.Node", "corten.v1.Logs"):
            for file in inside(ask(channel, 4, service), 4, 1):
                pool.Add(descriptor_pb2.FileDescriptorProto.FromString(file))

        def message(descriptor):
            new = getattr(message_factory, "GetMessageClass", None)
            return (new or message_factory.MessageFactory(pool).GetPrototype)(descriptor)

        def method(service, name):
            found = pool.FindServiceByName(service).FindMethodByName(name)
            sent, got = message(found.input_type), message(found.output_type)
            call = channel.unary_stream if name == "Read" else channel.unary_unary
            made = call(f"/{service}/{name}", sent.SerializeToString, got.FromString)
            return lambda **values: made(sent(**values), timeout=20)

        info = method("corten.v1.Node", "Info")()
        lines = list(method("corten.v1.Logs", "Read")(source="corten", tail=7))
        assert all(line.source == "corten" and line.text for line in lines), lines
        print(json.dumps({"services": services, "hostname": info.hostname, "lines": len(lines)}))


main(*sys.argv[1:])
