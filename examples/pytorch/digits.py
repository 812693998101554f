# SPDX-License-Identifier: Apache-2.0
"""The data set of examples/data as tensors."""

import gzip
import pathlib

import torch

DATA = pathlib.Path(__file__).resolve().parent.parent / "data" / "digits.csv.gz"


def load():
    """((images, digits) to train with, the same to test with): images n x 1 x 8 x 8 in 0..1; every fifth is a test."""
    with gzip.open(DATA, "rt") as lines:
        rows = torch.tensor([[int(field) for field in line.split(",")] for line in lines])
    images = rows[:, :64].float().div(16).view(-1, 1, 8, 8)
    digits = rows[:, 64]
    is_test = torch.arange(len(rows)) % 5 == 0
    return (images[~is_test], digits[~is_test]), (images[is_test], digits[is_test])
