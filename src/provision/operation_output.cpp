// SPDX-License-Identifier: Apache-2.0
#include "provision/operation_output.h"

#include "provision/output_channel.h"

namespace kaigara::provision {

OperationOutput::OperationOutput(platform::Loop& loop, OutputMode mode, Targets targets,
                                 std::function<void()> on_flushed)
    : mode_(mode), on_flushed_(std::move(on_flushed)),
      out_(std::make_unique<OutputChannel>(loop, targets.out, last_lines_, [this] { on_room(); })),
      err_(std::make_unique<OutputChannel>(loop, targets.err, last_lines_, [this] { on_room(); })) {
}

OperationOutput::~OperationOutput() = default;

Result<OperationOutput::Ends> OperationOutput::open(std::string_view operation) {
    last_lines_.clear();
    is_finishing_ = false;
    const LineFormat format(mode_, operation);
    KG_LET(out, out_->open(format));
    auto err = err_->open(format);
    if (!err) {
        out_->abandon();
        return std::move(err).error();
    }
    return Ends{out, *err};
}

void OperationOutput::close_ends() noexcept {
    out_->close_end();
    err_->close_end();
}

bool OperationOutput::finish() {
    close_ends();
    is_finishing_ = true;
    out_->finish();
    err_->finish();
    return is_flushed();
}

bool OperationOutput::is_flushed() const noexcept {
    return out_->is_flushed() && err_->is_flushed();
}

void OperationOutput::on_room() {
    if (!is_finishing_ || !is_flushed()) return;
    is_finishing_ = false;
    on_flushed_();  // we may be gone when this returns
}

void OperationOutput::abandon() noexcept {
    is_finishing_ = false;
    out_->abandon();
    err_->abandon();
}

}  // namespace kaigara::provision
