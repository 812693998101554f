# SPDX-License-Identifier: Apache-2.0
# The packages that the library itself links. Found once, at the root, because the targets are needed in every folder.
find_package(Threads REQUIRED)
find_package(absl REQUIRED)
find_package(OpenSSL REQUIRED COMPONENTS Crypto)
find_package(PkgConfig REQUIRED)
pkg_check_modules(HWY REQUIRED IMPORTED_TARGET libhwy)
pkg_check_modules(IBVERBS REQUIRED IMPORTED_TARGET libibverbs)
