# SPDX-License-Identifier: Apache-2.0
"""Prints for CMake, as a list: torch's CMake prefix, its libraries, the definitions that it was built with."""

import pathlib

import torch
import torch.utils

definitions = ["_GLIBCXX_USE_CXX11_ABI=%d" % torch._C._GLIBCXX_USE_CXX11_ABI]
for name in ("COMPILER_TYPE", "STDLIB", "BUILD_ABI"):
    value = getattr(torch._C, "_PYBIND11_" + name, None)
    if value is not None:
        definitions.append('PYBIND11_%s="%s"' % (name, value))
libraries = pathlib.Path(torch.__file__).parent / "lib"
print(";".join([torch.utils.cmake_prefix_path, str(libraries), " ".join(definitions)]))
