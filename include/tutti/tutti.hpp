// SPDX-License-Identifier: Apache-2.0
//
// The C API for C++17 and later: communicators and requests that clean up after themselves, failures as exceptions, element
// types deduced. Header-only; a thin layer that adds no state and no threads. What the C headers say about buffers, order of
// calls and threads holds here as well.
//
//   tutti::Comm comm;                                // joins the job that the environment describes
//   std::vector<float> gradient = ...;
//   comm.AllReduce(gradient, TUTTI_SUM);             // in place, returns when done
//   auto request = comm.AllReduceAsync(gradient, TUTTI_SUM);
//   ...                                              // gradient must not be touched here
//   request.Wait();
//
// Everything throws tutti::Error if the call fails, unless it says otherwise. Since 0.1.
#ifndef TUTTI_TUTTI_HPP_
#define TUTTI_TUTTI_HPP_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "tutti/tutti.h"

namespace tutti {
// Inline, so that users write tutti::Comm, while the symbols differ from those of the library's own internals, which a static
// link puts into the same program.
inline namespace v0 {

// A failed call: its status, and as what() the sentence of tutti_last_error.
class Error : public std::runtime_error {
 public:
  Error(tutti_status_t status, const std::string& sentence) : std::runtime_error(sentence), status_(status) {}
  tutti_status_t status() const noexcept { return status_; }

 private:
  tutti_status_t status_;
};

// Throws if `status` is an error. For calls of the C API beside this header.
inline void Check(tutti_status_t status) {
  if (status == TUTTI_OK || status == TUTTI_IN_PROGRESS) return;
  const char* sentence = tutti_last_error();
  throw Error(status, sentence[0] != '\0' ? sentence : tutti_status_string(status));
}

// The element type of a C++ type: integers of 1, 4 and 8 bytes, float and double. Half-precision types have no C++17 type
// of their own; use the untyped calls for them.
template <typename T>
constexpr tutti_dtype_t DtypeOf() {
  using U = std::remove_cv_t<T>;
  constexpr bool is_number = std::is_integral_v<U> && !std::is_same_v<U, bool> && !std::is_same_v<U, wchar_t> &&
                             !std::is_same_v<U, char16_t> && !std::is_same_v<U, char32_t>;
  static_assert(std::is_same_v<U, float> || std::is_same_v<U, double> ||
                    (is_number && (sizeof(U) == 1 || sizeof(U) == 4 || sizeof(U) == 8)),
                "tutti has no element type for this C++ type");
  if constexpr (std::is_same_v<U, float>) {
    return TUTTI_FLOAT32;
  } else if constexpr (std::is_same_v<U, double>) {
    return TUTTI_FLOAT64;
  } else if constexpr (sizeof(U) == 1) {
    return std::is_signed_v<U> ? TUTTI_INT8 : TUTTI_UINT8;
  } else if constexpr (sizeof(U) == 4) {
    return std::is_signed_v<U> ? TUTTI_INT32 : TUTTI_UINT32;
  } else {
    return std::is_signed_v<U> ? TUTTI_INT64 : TUTTI_UINT64;
  }
}

// Elements that somebody else owns: made from a pointer and a count, or from anything contiguous that has data() and
// size() (std::vector, std::array, std::span). Span<const T> is read, Span<T> is written.
template <typename T>
class Span {
 public:
  constexpr Span() = default;
  constexpr Span(T* data, std::size_t size) : data_(data), size_(size) {}
  template <typename Container, typename = std::enable_if_t<
                                    std::is_convertible_v<decltype(std::declval<Container&>().data()), T*> &&
                                    std::is_convertible_v<decltype(std::declval<Container&>().size()), std::size_t>>>
  constexpr Span(Container&& container) : data_(container.data()), size_(container.size()) {}

  constexpr T* data() const { return data_; }
  constexpr std::size_t size() const { return size_; }
  constexpr T& operator[](std::size_t index) const { return data_[index]; }
  constexpr Span subspan(std::size_t first, std::size_t count) const { return Span(data_ + first, count); }

 private:
  T* data_ = nullptr;
  std::size_t size_ = 0;
};

// Per-call options. The defaults leave everything to the communicator.
struct Options {
  std::chrono::nanoseconds timeout{0};  // 0: the communicator's
  const char* algorithm = nullptr;      // nullptr: tutti's choice; borrowed for the call only
  int tag = 0;                          // Send and Recv only
  std::chrono::nanoseconds budget{0};   // 0: the communicator's; see tutti_telemetry_budget
  std::optional<double> scale;          // by which this rank's input is multiplied before it is reduced
  const char* codec = nullptr;          // AllReduce only; nullptr: the communicator's; see tutti/compression.h
  std::uint64_t tensor = 0;             // with a codec
  std::uint64_t step = 0;               // with a codec
  bool urgent = false;  // overtakes others between their segments; see PRIORITIES in tutti/collectives.h
};

// An operation that was started. Move-only. Its buffers and its communicator must live until it has finished; the destructor
// waits for that, and swallows the error of an operation that nobody has waited for.
class [[nodiscard]] Request {
 public:
  Request() = default;  // has finished
  explicit Request(tutti_request_t handle) : handle_(handle) {}
  Request(Request&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Request& operator=(Request&& other) noexcept {
    if (this != &other) {
      Finish();
      handle_ = std::exchange(other.handle_, nullptr);
    }
    return *this;
  }
  ~Request() { Finish(); }

  // Waits until it has finished. Throws the operation's error.
  void Wait() { Check(tutti_request_wait(&handle_)); }

  // Advances communication without blocking. True when the operation has finished. Throws the operation's error.
  bool Test() {
    const tutti_status_t status = tutti_request_test(&handle_);
    Check(status);
    return status != TUTTI_IN_PROGRESS;
  }

  // Of an operation that has finished and was not waited for yet; see tutti_request_timing. False while it is running.
  bool Timing(tutti_timing_t* timing) const {
    const tutti_status_t status = tutti_request_timing(handle_, timing);
    Check(status);
    return status != TUTTI_IN_PROGRESS;
  }

  // For tutti_request_wait_any and the like. Remains this object's.
  tutti_request_t* handle() noexcept { return &handle_; }

 private:
  void Finish() noexcept {
    if (handle_ != nullptr) (void)tutti_request_wait(&handle_);
  }

  tutti_request_t handle_ = nullptr;
};

// Of the operation that the calling thread waited for last; see tutti_last_timing.
inline tutti_timing_t LastTiming() {
  tutti_timing_t timing = TUTTI_TIMING_INIT;
  Check(tutti_last_timing(&timing));
  return timing;
}

// A reduction of your own, for AllReduce, Reduce and ReduceScatter; see tutti/op.h. Move-only. Must live until the last operation
// that uses it has finished.
//
//   tutti::Op larger("larger", tutti::Op::kCommutes, [](const void* in, void* inout, std::size_t count, tutti_dtype_t) {...});
//   comm.AllReduce(values, larger);
class Op {
 public:
  enum Commutativity { kKeepsOrder = 0, kCommutes = 1 };
  using Function = std::function<void(const void* in, void* inout, std::size_t count, tutti_dtype_t dtype)>;

  Op(const std::string& name, Commutativity commutativity, Function reduce, std::size_t item_elements = 1)
      : function_(std::make_unique<Function>(std::move(reduce))) {
    tutti_op_config_t config = TUTTI_OP_CONFIG_INIT;
    config.name = name.c_str();
    config.context = function_.get();
    config.commutative = commutativity;
    config.item_elements = item_elements;
    config.reduce = [](void* context, const void* in, void* inout, std::size_t count, tutti_dtype_t dtype) noexcept {
      (*static_cast<Function*>(context))(in, inout, count, dtype);
    };
    Check(tutti_op_create(&config, &op_));
  }
  Op(Op&& other) noexcept : function_(std::move(other.function_)), op_(std::exchange(other.op_, TUTTI_SUM)) {}
  Op& operator=(Op&& other) noexcept {
    if (this != &other) {
      Destroy();
      function_ = std::move(other.function_);
      op_ = std::exchange(other.op_, TUTTI_SUM);
    }
    return *this;
  }
  ~Op() { Destroy(); }

  operator tutti_op_t() const noexcept { return op_; }

 private:
  void Destroy() noexcept {
    if (op_ != TUTTI_SUM) (void)tutti_op_destroy(op_);
  }

  std::unique_ptr<Function> function_;
  tutti_op_t op_ = TUTTI_SUM;
};

// A communicator. Move-only. A moved-from one may only be assigned to or destroyed.
//
// Each operation comes twice: Name returns when it has finished, NameAsync returns a Request. Buffers are anything contiguous
// with data() and size(), like std::vector, std::span or tutti::Span; the element types of send and recv must be the same.
// Sizes that do not fit together throw Error with TUTTI_ERR_INVALID_ARGUMENT before anything is started. What is missing
// here (half precision, wait_any, ...) is at hand through the C API: tutti::Check(tutti_...(comm.handle(), ...)).
class Comm {
 public:
  // Joins the job that the environment describes; see tutti_comm_create.
  Comm() { Check(tutti_comm_create(nullptr, &handle_)); }
  explicit Comm(const tutti_comm_config_t& config) { Check(tutti_comm_create(&config, &handle_)); }
  // Takes over a handle of the C API.
  explicit Comm(tutti_comm_t handle) noexcept : handle_(handle) {}
  Comm(Comm&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Comm& operator=(Comm&& other) noexcept {
    if (this != &other) {
      (void)tutti_comm_destroy(handle_);
      handle_ = std::exchange(other.handle_, nullptr);
    }
    return *this;
  }
  ~Comm() { (void)tutti_comm_destroy(handle_); }

  int rank() const { return Get(tutti_comm_rank); }
  int size() const { return Get(tutti_comm_size); }
  tutti_comm_t handle() const noexcept { return handle_; }

  // TUTTI_OK while it works, else what it failed with. Does not throw.
  tutti_status_t status() const noexcept { return tutti_comm_status(handle_); }
  std::string last_error() const { return tutti_comm_last_error(handle_); }

  // Fails every operation here and on all other ranks. Any thread.
  void Abort(const std::string& reason) { Check(tutti_comm_abort(handle_, reason.c_str())); }

  // Collective. Ranks of one color form a communicator, ordered by key. color >= 0: a rank that wants none calls
  // tutti_comm_split.
  Comm Split(int color, int key) {
    if (color < 0) throw Error(TUTTI_ERR_INVALID_ARGUMENT, "Comm::Split: color must be 0 or more");
    tutti_comm_t out = nullptr;
    Check(tutti_comm_split(handle_, color, key, &out));
    return Comm(out);
  }

  // Collective. Ranks of one host, or with the same place on their hosts; see tutti_comm_split_type. For TUTTI_SPLIT_ONE_PER_HOST,
  // which leaves ranks out, call that.
  Comm SplitType(tutti_split_t type, int key) {
    if (type == TUTTI_SPLIT_ONE_PER_HOST) {
      throw Error(TUTTI_ERR_INVALID_ARGUMENT,
                  "Comm::SplitType: ONE_PER_HOST leaves ranks out; use tutti_comm_split_type");
    }
    tutti_comm_t out = nullptr;
    Check(tutti_comm_split_type(handle_, type, key, &out));
    return Comm(out);
  }

  // What was measured since the last mark: visit(const tutti_histogram_t&) for each kind of operation. Must not throw.
  template <typename Visit>
  void VisitHistograms(Visit&& visit) const {
    using Plain = std::remove_reference_t<Visit>;
    const auto call = [](void* context, const tutti_histogram_t* histogram) noexcept {
      (*static_cast<Plain*>(context))(*histogram);
    };
    Check(tutti_telemetry_snapshot(handle_, call, const_cast<void*>(static_cast<const void*>(&visit))));
  }
  // visit(const tutti_step_histogram_t&) for each sort of step, peer and rail. Must not throw.
  template <typename Visit>
  void VisitSteps(Visit&& visit) const {
    using Plain = std::remove_reference_t<Visit>;
    const auto call = [](void* context, const tutti_step_histogram_t* histogram) noexcept {
      (*static_cast<Plain*>(context))(*histogram);
    };
    Check(tutti_telemetry_steps(handle_, call, const_cast<void*>(static_cast<const void*>(&visit))));
  }
  tutti_blame_t Blame(int rank) const {
    tutti_blame_t blame = TUTTI_BLAME_INIT;
    Check(tutti_telemetry_blame(handle_, rank, &blame));
    return blame;
  }
  void Mark() { Check(tutti_telemetry_mark(handle_)); }
  void Export(tutti_export_format_t format, const std::string& path) const {
    Check(tutti_telemetry_export(handle_, format, path.c_str()));
  }

  // For AllReduces whose options name no codec; "none" or nullptr: none; "auto:0.01" is collective. See tutti/compression.h.
  void SetCodec(const char* codec) { Check(tutti_comm_set_codec(handle_, codec)); }
  std::string ExplainCodec() const { return tutti_comm_explain_codec(handle_); }
  // What codecs remember of tensors, for a checkpoint.
  std::vector<std::uint8_t> SaveCodecs() const {
    std::size_t bytes = 0;
    Check(tutti_codec_save(handle_, nullptr, 0, &bytes));
    std::vector<std::uint8_t> saved(bytes);
    Check(tutti_codec_save(handle_, saved.data(), saved.size(), &bytes));
    return saved;
  }
  void RestoreCodecs(Span<const std::uint8_t> saved) {
    Check(tutti_codec_restore(handle_, saved.data(), saved.size()));
  }
  void ForgetTensor(std::uint64_t tensor) { Check(tutti_codec_forget(handle_, tensor)); }

  // recv[i] = op over all ranks of send[i]; sizes are equal. With one buffer: in place.
  template <typename In, typename Out>
  void AllReduce(const In& send, Out&& recv, tutti_op_t op, const Options& options = {}) {
    StartAllReduce(ReadOnly(send), Writable(recv), op, options, nullptr);
  }
  template <typename InOut>
  void AllReduce(InOut&& buffer, tutti_op_t op, const Options& options = {}) {
    StartAllReduce(ReadOnly(buffer), Writable(buffer), op, options, nullptr);
  }
  template <typename In, typename Out>
  Request AllReduceAsync(const In& send, Out&& recv, tutti_op_t op, const Options& options = {}) {
    return Started([&](Handle* h) { StartAllReduce(ReadOnly(send), Writable(recv), op, options, h); });
  }
  template <typename InOut>
  Request AllReduceAsync(InOut&& buffer, tutti_op_t op, const Options& options = {}) {
    return Started([&](Handle* h) { StartAllReduce(ReadOnly(buffer), Writable(buffer), op, options, h); });
  }

  // buffer on every rank = buffer of root.
  template <typename InOut>
  void Broadcast(InOut&& buffer, int root, const Options& options = {}) {
    StartBroadcast(Writable(buffer), root, options, nullptr);
  }
  template <typename InOut>
  Request BroadcastAsync(InOut&& buffer, int root, const Options& options = {}) {
    return Started([&](Handle* h) { StartBroadcast(Writable(buffer), root, options, h); });
  }

  // recv on root = op over all ranks of send; sizes are equal there. Elsewhere recv is not used and may be empty.
  template <typename In, typename Out>
  void Reduce(const In& send, Out&& recv, tutti_op_t op, int root, const Options& options = {}) {
    StartReduce(ReadOnly(send), Writable(recv), op, root, options, nullptr);
  }
  template <typename In, typename Out>
  Request ReduceAsync(const In& send, Out&& recv, tutti_op_t op, int root, const Options& options = {}) {
    return Started([&](Handle* h) { StartReduce(ReadOnly(send), Writable(recv), op, root, options, h); });
  }

  // recv = send of rank 0, send of rank 1, ...; recv is size() times as long as send.
  template <typename In, typename Out>
  void AllGather(const In& send, Out&& recv, const Options& options = {}) {
    StartAllGather(ReadOnly(send), Writable(recv), options, nullptr);
  }
  template <typename In, typename Out>
  Request AllGatherAsync(const In& send, Out&& recv, const Options& options = {}) {
    return Started([&](Handle* h) { StartAllGather(ReadOnly(send), Writable(recv), options, h); });
  }

  // recv on rank r = op over all ranks of the r-th part of send; send is size() times as long as recv.
  template <typename In, typename Out>
  void ReduceScatter(const In& send, Out&& recv, tutti_op_t op, const Options& options = {}) {
    StartReduceScatter(ReadOnly(send), Writable(recv), op, options, nullptr);
  }
  template <typename In, typename Out>
  Request ReduceScatterAsync(const In& send, Out&& recv, tutti_op_t op, const Options& options = {}) {
    return Started([&](Handle* h) { StartReduceScatter(ReadOnly(send), Writable(recv), op, options, h); });
  }

  // At the root: recv = send of rank 0, send of rank 1, ...; recv is size() times as long as send, and not used elsewhere.
  template <typename In, typename Out>
  void Gather(const In& send, Out&& recv, int root, const Options& options = {}) {
    StartGather(ReadOnly(send), Writable(recv), root, options, nullptr);
  }
  template <typename In, typename Out>
  Request GatherAsync(const In& send, Out&& recv, int root, const Options& options = {}) {
    return Started([&](Handle* h) { StartGather(ReadOnly(send), Writable(recv), root, options, h); });
  }

  // recv on rank r = the r-th part of the root's send, which is size() times as long as recv, and not used elsewhere.
  template <typename In, typename Out>
  void Scatter(const In& send, Out&& recv, int root, const Options& options = {}) {
    StartScatter(ReadOnly(send), Writable(recv), root, options, nullptr);
  }
  template <typename In, typename Out>
  Request ScatterAsync(const In& send, Out&& recv, int root, const Options& options = {}) {
    return Started([&](Handle* h) { StartScatter(ReadOnly(send), Writable(recv), root, options, h); });
  }

  // Part r of recv = the part of rank r's send that is for this rank, in rank order. Both are size() equal parts.
  template <typename In, typename Out>
  void AllToAll(const In& send, Out&& recv, const Options& options = {}) {
    StartAllToAll(ReadOnly(send), Writable(recv), options, nullptr);
  }
  template <typename In, typename Out>
  Request AllToAllAsync(const In& send, Out&& recv, const Options& options = {}) {
    return Started([&](Handle* h) { StartAllToAll(ReadOnly(send), Writable(recv), options, h); });
  }

  // BLOCKS OF DIFFERENT LENGTHS, one after the other without gaps (the C API can also have gaps). Counts are in elements, one
  // for each rank, and are used until the call returns.

  // recv = the counts[r] elements of each rank r's send.
  template <typename In, typename Out>
  void AllGatherV(const In& send, Out&& recv, Span<const size_t> counts, const Options& options = {}) {
    StartAllGatherV(ReadOnly(send), Writable(recv), counts, options, nullptr);
  }
  template <typename In, typename Out>
  Request AllGatherVAsync(const In& send, Out&& recv, Span<const size_t> counts, const Options& options = {}) {
    return Started([&](Handle* h) { StartAllGatherV(ReadOnly(send), Writable(recv), counts, options, h); });
  }

  // recv on rank r, counts[r] elements, = op over all ranks of the r-th block of send.
  template <typename In, typename Out>
  void ReduceScatterV(const In& send, Out&& recv, Span<const size_t> counts, tutti_op_t op,
                      const Options& options = {}) {
    StartReduceScatterV(ReadOnly(send), Writable(recv), counts, op, options, nullptr);
  }
  template <typename In, typename Out>
  Request ReduceScatterVAsync(const In& send, Out&& recv, Span<const size_t> counts, tutti_op_t op,
                              const Options& options = {}) {
    return Started([&](Handle* h) { StartReduceScatterV(ReadOnly(send), Writable(recv), counts, op, options, h); });
  }

  // At the root: recv = the counts[r] elements of each rank r's send. recv and counts are not used elsewhere.
  template <typename In, typename Out>
  void GatherV(const In& send, Out&& recv, Span<const size_t> counts, int root, const Options& options = {}) {
    StartGatherV(ReadOnly(send), Writable(recv), counts, root, options, nullptr);
  }
  template <typename In, typename Out>
  Request GatherVAsync(const In& send, Out&& recv, Span<const size_t> counts, int root, const Options& options = {}) {
    return Started([&](Handle* h) { StartGatherV(ReadOnly(send), Writable(recv), counts, root, options, h); });
  }

  // recv on rank r = the r-th block, of counts[r] elements, of the root's send. send and counts are not used elsewhere.
  template <typename In, typename Out>
  void ScatterV(const In& send, Out&& recv, Span<const size_t> counts, int root, const Options& options = {}) {
    StartScatterV(ReadOnly(send), Writable(recv), counts, root, options, nullptr);
  }
  template <typename In, typename Out>
  Request ScatterVAsync(const In& send, Out&& recv, Span<const size_t> counts, int root, const Options& options = {}) {
    return Started([&](Handle* h) { StartScatterV(ReadOnly(send), Writable(recv), counts, root, options, h); });
  }

  // Block r of recv, of recv_counts[r] elements, = the block of rank r's send that is for this rank.
  template <typename In, typename Out>
  void AllToAllV(const In& send, Span<const size_t> send_counts, Out&& recv, Span<const size_t> recv_counts,
                 const Options& options = {}) {
    StartAllToAllV(ReadOnly(send), send_counts, Writable(recv), recv_counts, options, nullptr);
  }
  template <typename In, typename Out>
  Request AllToAllVAsync(const In& send, Span<const size_t> send_counts, Out&& recv, Span<const size_t> recv_counts,
                         const Options& options = {}) {
    return Started(
        [&](Handle* h) { StartAllToAllV(ReadOnly(send), send_counts, Writable(recv), recv_counts, options, h); });
  }

  // To and from one peer; not collectives. Recv wants exactly as many elements as are sent.
  template <typename In>
  void Send(const In& buffer, int peer, const Options& options = {}) {
    StartSend(ReadOnly(buffer), peer, options, nullptr);
  }
  template <typename In>
  Request SendAsync(const In& buffer, int peer, const Options& options = {}) {
    return Started([&](Handle* h) { StartSend(ReadOnly(buffer), peer, options, h); });
  }
  template <typename Out>
  void Recv(Out&& buffer, int peer, const Options& options = {}) {
    StartRecv(Writable(buffer), peer, options, nullptr);
  }
  template <typename Out>
  Request RecvAsync(Out&& buffer, int peer, const Options& options = {}) {
    return Started([&](Handle* h) { StartRecv(Writable(buffer), peer, options, h); });
  }

  // The rank whose message with that tag can be received; -1 if none has come in time. See tutti_probe.
  int Probe(const Options& options = {}) {
    const tutti_options_t o = ToC(options);
    int peer = -1;
    Check(tutti_probe(handle_, &o, &peer));
    return peer;
  }

  // Returns (or finishes) on no rank before every rank has called it.
  void Barrier(const Options& options = {}) {
    const tutti_options_t o = ToC(options);
    Check(tutti_barrier(handle_, &o, nullptr));
  }
  Request BarrierAsync(const Options& options = {}) {
    const tutti_options_t o = ToC(options);
    return Started([&](Handle* h) { Check(tutti_barrier(handle_, &o, h)); });
  }

 private:
  using Handle = tutti_request_t;

  template <typename Container>
  static auto ReadOnly(const Container& container) {
    using T = std::remove_reference_t<decltype(*container.data())>;
    return Span<const T>(container.data(), container.size());
  }
  template <typename Container>
  static auto Writable(Container& container) {
    using T = std::remove_reference_t<decltype(*container.data())>;
    static_assert(!std::is_const_v<T>, "the result needs elements that can be written");
    return Span<T>(container.data(), container.size());
  }

  static tutti_options_t ToC(const Options& options) {
    tutti_options_t o = TUTTI_OPTIONS_INIT;
    o.timeout_ns = options.timeout.count();
    o.algorithm = options.algorithm;
    o.tag = options.tag;
    o.budget_ns = options.budget.count();
    o.scale = options.scale.has_value() ? &*options.scale : nullptr;
    o.codec = options.codec;
    o.tensor = options.tensor;
    o.step = options.step;
    o.priority = options.urgent ? 1 : 0;
    return o;
  }

  static void Require(bool fits, const char* sentence) {
    if (!fits) throw Error(TUTTI_ERR_INVALID_ARGUMENT, sentence);
  }

  template <typename Start>
  static Request Started(const Start& start) {
    Handle handle = nullptr;
    // A group sets requests when it ends, when this one has moved.
    start(tutti_group_is_open() != 0 ? nullptr : &handle);
    return Request(handle);
  }

  int Get(tutti_status_t (*getter)(tutti_comm_t, int*)) const {
    int value = 0;
    Check(getter(handle_, &value));
    return value;
  }

  void RequireBlocks(Span<const size_t> counts, size_t length, const char* sentence) const {
    size_t sum = 0;
    for (size_t r = 0; r < counts.size(); ++r) sum += counts[r];
    Require(counts.size() == Ranks() && sum == length, sentence);
  }

  template <typename T>
  void StartAllReduce(Span<const T> send, Span<T> recv, tutti_op_t op, const Options& options, Handle* h) {
    Require(send.size() == recv.size(), "Comm::AllReduce: send and recv differ in size");
    const tutti_options_t o = ToC(options);
    Check(tutti_all_reduce(handle_, send.data(), recv.data(), send.size(), DtypeOf<T>(), op, &o, h));
  }
  template <typename T>
  void StartBroadcast(Span<T> buffer, int root, const Options& options, Handle* h) {
    const tutti_options_t o = ToC(options);
    Check(tutti_broadcast(handle_, buffer.data(), buffer.data(), buffer.size(), DtypeOf<T>(), root, &o, h));
  }
  template <typename T>
  void StartReduce(Span<const T> send, Span<T> recv, tutti_op_t op, int root, const Options& options, Handle* h) {
    Require(rank() != root || send.size() == recv.size(), "Comm::Reduce: send and recv of the root differ in size");
    const tutti_options_t o = ToC(options);
    Check(tutti_reduce(handle_, send.data(), recv.data(), send.size(), DtypeOf<T>(), op, root, &o, h));
  }
  template <typename T>
  void StartAllGather(Span<const T> send, Span<T> recv, const Options& options, Handle* h) {
    Require(recv.size() == send.size() * Ranks(), "Comm::AllGather: recv is not size() times as long as send");
    const tutti_options_t o = ToC(options);
    Check(tutti_all_gather(handle_, send.data(), recv.data(), send.size(), DtypeOf<T>(), &o, h));
  }
  template <typename T>
  void StartReduceScatter(Span<const T> send, Span<T> recv, tutti_op_t op, const Options& options, Handle* h) {
    Require(send.size() == recv.size() * Ranks(), "Comm::ReduceScatter: send is not size() times as long as recv");
    const tutti_options_t o = ToC(options);
    Check(tutti_reduce_scatter(handle_, send.data(), recv.data(), recv.size(), DtypeOf<T>(), op, &o, h));
  }
  template <typename T>
  void StartGather(Span<const T> send, Span<T> recv, int root, const Options& options, Handle* h) {
    Require(rank() != root || recv.size() == send.size() * Ranks(),
            "Comm::Gather: recv is not size() times as long as send");
    const tutti_options_t o = ToC(options);
    Check(tutti_gather(handle_, send.data(), recv.data(), send.size(), DtypeOf<T>(), root, &o, h));
  }
  template <typename T>
  void StartScatter(Span<const T> send, Span<T> recv, int root, const Options& options, Handle* h) {
    Require(rank() != root || send.size() == recv.size() * Ranks(),
            "Comm::Scatter: send is not size() times as long as recv");
    const tutti_options_t o = ToC(options);
    Check(tutti_scatter(handle_, send.data(), recv.data(), recv.size(), DtypeOf<T>(), root, &o, h));
  }
  template <typename T>
  void StartAllToAll(Span<const T> send, Span<T> recv, const Options& options, Handle* h) {
    Require(send.size() == recv.size(), "Comm::AllToAll: send and recv differ in length");
    Require(send.size() % Ranks() == 0, "Comm::AllToAll: the buffers cannot be divided into size() equal parts");
    const tutti_options_t o = ToC(options);
    Check(tutti_all_to_all(handle_, send.data(), recv.data(), send.size() / Ranks(), DtypeOf<T>(), &o, h));
  }
  template <typename T>
  void StartAllGatherV(Span<const T> send, Span<T> recv, Span<const size_t> counts, const Options& options, Handle* h) {
    RequireBlocks(counts, recv.size(), "Comm::AllGatherV: counts do not add up to the length of recv");
    Require(send.size() == counts[static_cast<size_t>(rank())], "Comm::AllGatherV: send is not counts[rank] long");
    const tutti_options_t o = ToC(options);
    Check(tutti_all_gather_v(handle_, send.data(), recv.data(), counts.data(), nullptr, DtypeOf<T>(), &o, h));
  }
  template <typename T>
  void StartReduceScatterV(Span<const T> send, Span<T> recv, Span<const size_t> counts, tutti_op_t op,
                           const Options& options, Handle* h) {
    RequireBlocks(counts, send.size(), "Comm::ReduceScatterV: counts do not add up to the length of send");
    Require(recv.size() == counts[static_cast<size_t>(rank())], "Comm::ReduceScatterV: recv is not counts[rank] long");
    const tutti_options_t o = ToC(options);
    Check(tutti_reduce_scatter_v(handle_, send.data(), counts.data(), nullptr, recv.data(), DtypeOf<T>(), op, &o, h));
  }
  template <typename T>
  void StartGatherV(Span<const T> send, Span<T> recv, Span<const size_t> counts, int root, const Options& options,
                    Handle* h) {
    if (rank() == root) {
      RequireBlocks(counts, recv.size(), "Comm::GatherV: counts do not add up to the length of recv");
    }
    const tutti_options_t o = ToC(options);
    Check(tutti_gather_v(handle_, send.data(), send.size(), recv.data(), counts.data(), nullptr, DtypeOf<T>(), root, &o,
                         h));
  }
  template <typename T>
  void StartScatterV(Span<const T> send, Span<T> recv, Span<const size_t> counts, int root, const Options& options,
                     Handle* h) {
    if (rank() == root) {
      RequireBlocks(counts, send.size(), "Comm::ScatterV: counts do not add up to the length of send");
    }
    const tutti_options_t o = ToC(options);
    Check(tutti_scatter_v(handle_, send.data(), counts.data(), nullptr, recv.data(), recv.size(), DtypeOf<T>(), root,
                          &o, h));
  }
  template <typename T>
  void StartAllToAllV(Span<const T> send, Span<const size_t> send_counts, Span<T> recv, Span<const size_t> recv_counts,
                      const Options& options, Handle* h) {
    RequireBlocks(send_counts, send.size(), "Comm::AllToAllV: send_counts do not add up to the length of send");
    RequireBlocks(recv_counts, recv.size(), "Comm::AllToAllV: recv_counts do not add up to the length of recv");
    const tutti_options_t o = ToC(options);
    Check(tutti_all_to_all_v(handle_, send.data(), send_counts.data(), nullptr, recv.data(), recv_counts.data(),
                             nullptr, DtypeOf<T>(), &o, h));
  }
  template <typename T>
  void StartSend(Span<const T> buffer, int peer, const Options& options, Handle* h) {
    const tutti_options_t o = ToC(options);
    Check(tutti_send(handle_, buffer.data(), buffer.size(), DtypeOf<T>(), peer, &o, h));
  }
  template <typename T>
  void StartRecv(Span<T> buffer, int peer, const Options& options, Handle* h) {
    const tutti_options_t o = ToC(options);
    Check(tutti_recv(handle_, buffer.data(), buffer.size(), DtypeOf<T>(), peer, &o, h));
  }

  std::size_t Ranks() const { return static_cast<std::size_t>(size()); }

  tutti_comm_t handle_ = nullptr;
};

// Memory that is made ready for the network until the end of this object; see tutti_mem_register. Move-only. Must go before the
// memory does.
class RegisteredMemory {
 public:
  RegisteredMemory() = default;  // none
  template <typename T>
  RegisteredMemory(const Comm& comm, T* data, std::size_t size) {
    Check(tutti_mem_register(comm.handle(), data, size * sizeof(T), &handle_));
  }
  // Memory of a dma-buf, mapped at data; see tutti_mem_register_dmabuf.
  template <typename T>
  RegisteredMemory(const Comm& comm, T* data, std::size_t size, int fd, std::uint64_t offset) {
    Check(tutti_mem_register_dmabuf(comm.handle(), data, size * sizeof(T), fd, offset, &handle_));
  }
  template <typename Container>
  RegisteredMemory(const Comm& comm, Container& container)
      : RegisteredMemory(comm, container.data(), container.size()) {}
  RegisteredMemory(RegisteredMemory&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  RegisteredMemory& operator=(RegisteredMemory&& other) noexcept {
    if (this != &other) {
      (void)tutti_mem_deregister(handle_);
      handle_ = std::exchange(other.handle_, nullptr);
    }
    return *this;
  }
  ~RegisteredMemory() { (void)tutti_mem_deregister(handle_); }

 private:
  tutti_mem_t handle_ = nullptr;
};

// Memory for `size` elements, zeroed, that peers of the host read without a copy; see tutti_mem_alloc. Move-only. Elements are
// plain values; nothing is constructed or destroyed.
template <typename T>
class Buffer {
 public:
  Buffer() = default;  // none
  Buffer(const Comm& comm, std::size_t size) : size_(size) {
    void* data = nullptr;
    Check(tutti_mem_alloc(comm.handle(), size * sizeof(T), &data, &handle_));
    data_ = static_cast<T*>(data);
  }
  Buffer(Buffer&& other) noexcept { swap(other); }
  Buffer& operator=(Buffer&& other) noexcept {
    Buffer(std::move(other)).swap(*this);
    return *this;
  }
  ~Buffer() { (void)tutti_mem_free(handle_); }

  T* data() const { return data_; }
  std::size_t size() const { return size_; }
  T* begin() const { return data_; }
  T* end() const { return data_ + size_; }
  T& operator[](std::size_t i) const { return data_[i]; }

  void swap(Buffer& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(handle_, other.handle_);
  }

 private:
  static_assert(std::is_trivially_copyable_v<T>, "tutti moves bytes");
  T* data_ = nullptr;
  std::size_t size_ = 0;
  tutti_mem_t handle_ = nullptr;
};

// Calls of this thread that are begun together when it ends; see tutti/group.h. In a group all calls return at once, also those
// whose name has no Async, and End() waits for all of them; what NameAsync gives there has nothing to wait for.
//
//   tutti::Group group;
//   for (auto& g : gradients) comm.AllReduce(g, TUTTI_SUM);
//   group.End();
class Group {
 public:
  Group() { Check(tutti_group_start()); }
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;
  ~Group() {
    if (open_) (void)tutti_group_end();
  }

  // Throws the first error of its calls.
  void End() {
    open_ = false;
    Check(tutti_group_end());
  }

 private:
  bool open_ = true;
};

// A collective that is bound once and run many times; see tutti/persistent.h. Move-only. Made by the C API's functions:
//
//   tutti::Persistent sum([&](tutti_persistent_t* p) {
//     return tutti_all_reduce_init(comm.handle(), v.data(), v.data(), v.size(), TUTTI_FLOAT32, TUTTI_SUM, nullptr, p);
//   });
//   sum.Start(); ... sum.Wait();
//
// Must go before its communicator does, and not while it runs; its destructor waits for that.
class Persistent {
 public:
  template <typename Init,
            typename = std::enable_if_t<std::is_invocable_r_v<tutti_status_t, Init, tutti_persistent_t*>>>
  explicit Persistent(Init&& init) {
    Check(init(&handle_));
  }
  Persistent(Persistent&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Persistent& operator=(Persistent&& other) noexcept {
    if (this != &other) {
      Free();
      handle_ = std::exchange(other.handle_, nullptr);
    }
    return *this;
  }
  ~Persistent() { Free(); }

  void Start() { Check(tutti_persistent_start(handle_)); }
  void Wait() { Check(tutti_persistent_wait(handle_)); }
  // True when it has finished, or was not begun.
  bool Test() {
    const tutti_status_t status = tutti_persistent_test(handle_);
    Check(status);
    return status != TUTTI_IN_PROGRESS;
  }
  // Both in one.
  void Run() { Check(tutti_persistent_run(handle_)); }

 private:
  void Free() noexcept {
    if (handle_ == nullptr) return;
    (void)tutti_persistent_wait(handle_);
    (void)tutti_persistent_free(handle_);
  }

  tutti_persistent_t handle_ = nullptr;
};

// One matrix's all-reduce by way of two thin ones; see tutti/powersgd.h. Move-only. One thread at a time.
class PowerSgd {
 public:
  explicit PowerSgd(const tutti_powersgd_config_t& config) : size_(config.rows * config.cols) {
    Check(tutti_powersgd_create(&config, &handle_));
  }
  PowerSgd(PowerSgd&& other) noexcept
      : handle_(std::exchange(other.handle_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  PowerSgd& operator=(PowerSgd&& other) noexcept {
    if (this != &other) {
      (void)tutti_powersgd_destroy(handle_);
      handle_ = std::exchange(other.handle_, nullptr);
      size_ = std::exchange(other.size_, 0);
    }
    return *this;
  }
  ~PowerSgd() { (void)tutti_powersgd_destroy(handle_); }

  // recv = nearly op (SUM or AVG) over all ranks of send, both rows x cols values. One buffer twice: in place.
  void AllReduce(const Comm& comm, Span<const float> send, Span<float> recv, tutti_op_t op,
                 const tutti_options_t* options = nullptr) {
    if (send.size() != size_ || recv.size() != size_) {
      throw Error(TUTTI_ERR_INVALID_ARGUMENT, "PowerSgd::AllReduce: send and recv must hold rows x cols values");
    }
    Check(tutti_powersgd_all_reduce(handle_, comm.handle(), send.data(), recv.data(), op, options));
  }

  // How many values a call all-reduces instead of rows x cols.
  std::size_t wire_values() const {
    std::size_t values = 0;
    Check(tutti_powersgd_wire_values(handle_, &values));
    return values;
  }

  std::vector<unsigned char> Save() const {
    std::size_t bytes = 0;
    Check(tutti_powersgd_save(handle_, nullptr, 0, &bytes));
    std::vector<unsigned char> saved(bytes);
    Check(tutti_powersgd_save(handle_, saved.data(), saved.size(), &bytes));
    return saved;
  }
  void Restore(Span<const unsigned char> saved) { Check(tutti_powersgd_restore(handle_, saved.data(), saved.size())); }

 private:
  tutti_powersgd_t handle_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace v0
}  // namespace tutti

#endif  // TUTTI_TUTTI_HPP_
