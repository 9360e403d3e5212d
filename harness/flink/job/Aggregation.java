package statebench;

import org.apache.flink.api.common.functions.AggregateFunction;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.java.tuple.Tuple2;

/** Folds the events of a key and window into an accumulator: state of the type {@code Kept}, and the numbers of a row that come of it. */
abstract class Aggregation<Kept> implements AggregateFunction<Tuple2<String, double[]>, Kept, double[]> {
  private static final long serialVersionUID = 1;

  /** How an accumulator is kept. */
  abstract TypeInformation<Kept> type();

  /** One whose accumulator is a few doubles. */
  abstract static class OfDoubles extends Aggregation<double[]> {
    private static final long serialVersionUID = 1;

    @Override
    TypeInformation<double[]> type() {
      return PrimitiveArrayTypeInfo.DOUBLE_PRIMITIVE_ARRAY_TYPE_INFO;
    }
  }

  /**
   * @param told its name, and behind a colon its parameter where it has one
   * @throws IllegalArgumentException if there is none of that name
   */
  static Aggregation<?> of(String told) {
    String[] parts = told.split(":");
    switch (parts[0]) {
      case "count-sum-min-max":
        return new CountSumMinMax();
      case "merged-count-sum-min-max":
        return new MergedCountSumMinMax();
      case "average":
        return new Average();
      case "distinct":
        return new Distinct(Integer.parseInt(parts[1]));
      case "top-k":
        return new TopK(Integer.parseInt(parts[1]));
      case "quantiles":
        return new Quantiles(Integer.parseInt(parts[1]));
      default:
        throw new IllegalArgumentException("no aggregate is named " + told);
    }
  }
}
