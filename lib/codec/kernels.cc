// SPDX-License-Identifier: Apache-2.0
#include "lib/codec/kernels.h"

namespace tutti {

CodecKernels MakeCodecKernels() {
  CodecKernels kernels = {};
  FillCastKernels(kernels);
  FillQuantizeKernels(kernels);
  FillBitKernels(kernels);
  return kernels;
}

const CodecKernels& BestCodecKernels() {
  static const CodecKernels kernels = MakeCodecKernels();
  return kernels;
}

}  // namespace tutti
