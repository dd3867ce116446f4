// SPDX-License-Identifier: Apache-2.0
#pragma once

// A row of measured values. The median is what the table tells: one run in a hundred that the
// machine disturbed does not move it.

#include <vector>

namespace kaigara::bench {

class Sample {
public:
    void add(double value) { values_.push_back(value); }
    [[nodiscard]] bool empty() const { return values_.empty(); }
    [[nodiscard]] double median() const { return quantile(0.5); }
    [[nodiscard]] double minimum() const { return quantile(0.0); }
    // The value below which the given share of the sample lies; 0 for an empty sample.
    [[nodiscard]] double quantile(double share) const;

private:
    std::vector<double> values_;
};

}  // namespace kaigara::bench
