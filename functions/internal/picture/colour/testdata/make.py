"""Writes reference.json: ICC profiles, and what Pillow's ImageCms converts colours of theirs to in sRGB.

Run it with Python 3 and Pillow 13.0.0.
"""
import base64
import io
import json
import struct

from PIL import Image, ImageCms

D50 = (0.9642, 1.0, 0.8249)


def fixed(v):
    return struct.pack(">i", round(v * 65536))


def xyz(v):
    return b"XYZ \0\0\0\0" + b"".join(fixed(x) for x in v)


def gamma(g):
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(g * 256))


def straight():
    return b"curv\0\0\0\0" + struct.pack(">I", 0)


def table(light, n):
    return b"curv\0\0\0\0" + struct.pack(">I", n) + b"".join(struct.pack(">H", round(65535 * light(i / (n - 1)))) for i in range(n))


def parametric(kind, *p):
    return b"para\0\0\0\0" + struct.pack(">HH", kind, 0) + b"".join(fixed(v) for v in p)


def inverse(m):
    (a, b, c), (d, e, f), (g, h, i) = m
    det = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
    return [[(e * i - f * h) / det, (c * h - b * i) / det, (b * f - c * e) / det],
            [(f * g - d * i) / det, (a * i - c * g) / det, (c * d - a * f) / det],
            [(d * h - e * g) / det, (b * g - a * h) / det, (a * e - b * d) / det]]


def times(m, n):
    return [[sum(m[i][k] * n[k][j] for k in range(3)) for j in range(3)] for i in range(3)]


def apply(m, v):
    return [sum(m[i][k] * v[k] for k in range(3)) for i in range(3)]


BRADFORD = [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]


def primaries(white, *xys):
    """The XYZ of primaries, adapted to D50."""
    full = lambda xy: [xy[0] / xy[1], 1, (1 - xy[0] - xy[1]) / xy[1]]
    columns = [[full(xy)[i] for xy in xys] for i in range(3)]
    shares = apply(inverse(columns), full(white))
    columns = [[columns[i][j] * shares[j] for j in range(3)] for i in range(3)]
    ratio = [to / of for to, of in zip(apply(BRADFORD, D50), apply(BRADFORD, full(white)))]
    scaled = [[BRADFORD[i][j] * ratio[i] for j in range(3)] for i in range(3)]
    columns = times(times(inverse(BRADFORD), scaled), columns)
    return [[columns[i][j] for i in range(3)] for j in range(3)]


def profile(model, version, tags):
    head = len(tags) * 12 + 132
    index, data = struct.pack(">I", len(tags)), b""
    for name, body in tags:
        body += b"\0" * (-len(body) % 4)
        index += name + struct.pack(">II", head + len(data), len(body))
        data += body
    header = struct.pack(">I4sI4s4s4s", head + len(data), b"test", version << 24, b"mntr", model, b"XYZ ")
    header += b"\0" * 12 + b"acsp" + b"\0" * 28 + b"".join(fixed(v) for v in D50)
    return header.ljust(128, b"\0") + index + data


def text(version, s):
    if version == 4:
        return b"mluc\0\0\0\0" + struct.pack(">II2s2sII", 1, 12, b"en", b"US", 2 * len(s), 28) + s.encode("utf-16-be")
    return b"desc\0\0\0\0" + struct.pack(">I", len(s) + 1) + s.encode() + b"\0" * 79


def rgb(version, curve, columns):
    tags = [(b"desc", text(version, "test")), (b"cprt", text(4, "free") if version == 4 else b"text\0\0\0\0free\0"), (b"wtpt", xyz(D50))]
    tags += [(c + b"XYZ", xyz(v)) for c, v in zip((b"r", b"g", b"b"), columns)]
    tags += [(c + b"TRC", curve) for c in (b"r", b"g", b"b")]
    return profile(b"RGB ", version, tags)


def grey(curve):
    return profile(b"GRAY", 2, [(b"desc", text(2, "test")), (b"cprt", b"text\0\0\0\0free\0"), (b"wtpt", xyz(D50)), (b"kTRC", curve)])


D65, D50_XY = (0.3127, 0.3290), (0.3457, 0.3585)
SRGB = parametric(3, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
SRGB_PRIMARIES = primaries(D65, (0.64, 0.33), (0.30, 0.60), (0.15, 0.06))


def srgb(v):
    return v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4


PROFILES = {
    "Display P3": rgb(4, SRGB, primaries(D65, (0.680, 0.320), (0.265, 0.690), (0.150, 0.060))),
    "Adobe RGB": rgb(2, gamma(563 / 256), primaries(D65, (0.64, 0.33), (0.21, 0.71), (0.15, 0.06))),
    "ProPhoto": rgb(2, gamma(461 / 256), primaries(D50_XY, (0.7347, 0.2653), (0.1596, 0.8404), (0.0366, 0.0001))),
    "Rec. 2020": rgb(4, parametric(4, 1 / 0.45, 1 / 1.0993, 0.0993 / 1.0993, 1 / 4.5, 0.08145, 0, 0),
                     primaries(D65, (0.708, 0.292), (0.170, 0.797), (0.131, 0.046))),
    "sRGB, table": rgb(2, table(srgb, 1024), SRGB_PRIMARIES),
    "sRGB, parameters": rgb(4, SRGB, SRGB_PRIMARIES),
    "straight": rgb(2, straight(), SRGB_PRIMARIES),
    "one exponent": rgb(4, parametric(0, 1.8), SRGB_PRIMARIES),
    "black below a threshold": rgb(4, parametric(1, 2.0, 1.1, -0.1), SRGB_PRIMARIES),
    "grey, 2.2": grey(gamma(2.2)),
    "grey, 1.8": grey(gamma(1.8)),
    "grey, dot gain": grey(table(lambda v: v ** 1.75 * (0.9 + 0.1 * v), 256)),
}

result = []
for name, data in PROFILES.items():
    model = "GRAY" if name.startswith("grey") else "RGB "
    if model == "GRAY":
        colours = [(v, v, v) for v in range(0, 256, 5)]
        img = Image.new("L", (len(colours), 1))
        img.putdata([c[0] for c in colours])
    else:
        steps = (0, 13, 40, 77, 128, 190, 255)
        colours = [(r, g, b) for r in steps for g in steps for b in steps]
        img = Image.new("RGB", (len(colours), 1))
        img.putdata(colours)
    out = ImageCms.profileToProfile(img, ImageCms.ImageCmsProfile(io.BytesIO(data)), ImageCms.createProfile("sRGB"),
                                    renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC, outputMode="RGB")
    result.append({"name": name, "model": model, "profile": base64.b64encode(data).decode(),
                   "colours": [list(c) + list(out.getpixel((i, 0))) for i, c in enumerate(colours)]})

with open("reference.json", "w") as f:
    f.write("[\n" + ",\n".join(json.dumps(r, separators=(",", ":")) for r in result) + "\n]\n")
