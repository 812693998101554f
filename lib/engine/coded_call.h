// SPDX-License-Identifier: Apache-2.0
// What an operation with a codec needs beside its buffers. Everything it points to outlives the operation.
#ifndef TUTTI_LIB_ENGINE_CODED_CALL_H_
#define TUTTI_LIB_ENGINE_CODED_CALL_H_

#include "lib/codec/codec.h"
#include "lib/engine/coded_message.h"
#include "lib/telemetry/codec_totals.h"

namespace tutti {

// A codec for what ranks contribute, and one for what has been reduced. The second one has the codes of the first, so that
// both are decoded alike, but may lose other things or remember others; often they are one.
struct CodecPair {
  const Codec* contributions = nullptr;
  const Codec* results = nullptr;

  const Codec& For(bool of_result) const { return of_result ? *results : *contributions; }
};

struct CodedCall {
  CodecPair codecs;
  CodecState* contribution_state = nullptr;
  CodecState* result_state = nullptr;
  CodecTotals* totals = nullptr;  // to be added to when it has ended
  CodedHeader header;             // of all this rank's slices, but for the length
  int rank = 0;                   // this one, in the communicator

  // For tutti_codec_slice_t::stream.
  uint64_t StreamFor(bool of_result) const { return 2 * static_cast<uint64_t>(rank) + (of_result ? 1 : 0); }
  CodecState* StateFor(bool of_result) const { return of_result ? result_state : contribution_state; }
};

}  // namespace tutti

#endif  // TUTTI_LIB_ENGINE_CODED_CALL_H_
