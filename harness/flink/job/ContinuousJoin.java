package statebench;

import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.api.java.tuple.Tuple4;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;

/**
 * Joins right events with what the left side last said of their key; where it has said nothing they wait for it. An end has the left
 * side's word forgotten, not those who wait. No watermark plays a part.
 */
final class ContinuousJoin extends KeyedProcessFunction<String, Tuple2<String, double[]>, Tuple4<String, Long, Long, double[]>> {
  private static final long serialVersionUID = 1;
  private transient ValueState<double[]> left;
  private transient ListState<double[]> waiting;

  @Override
  public void open(OpenContext context) {
    left = getRuntimeContext().getState(new ValueStateDescriptor<>("left", WorkloadJob.NUMBERS));
    waiting = getRuntimeContext().getListState(new ListStateDescriptor<>("waiting", WorkloadJob.NUMBERS));
  }

  @Override
  public void processElement(Tuple2<String, double[]> event, Context context, Collector<Tuple4<String, Long, Long, double[]>> out)
      throws Exception {
    double[] numbers = event.f1;
    long time = context.timestamp();
    if (JoinSide.isRight(numbers)) {
      double[] said = left.value();
      if (said == null) waiting.add(numbers);
      else out.collect(Tuple4.of(event.f0, time, time + 1, JoinSide.pair(said, numbers)));
    } else if (JoinSide.isEnd(numbers)) {
      left.clear();
    } else {
      left.update(numbers);
      for (double[] right : waiting.get()) out.collect(Tuple4.of(event.f0, time, time + 1, JoinSide.pair(numbers, right)));
      waiting.clear();
    }
  }
}
