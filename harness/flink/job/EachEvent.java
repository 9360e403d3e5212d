package statebench;

import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.api.java.tuple.Tuple4;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;

/** A row for each event, of what came of its key so far: a window without end. */
final class EachEvent<Kept> extends KeyedProcessFunction<String, Tuple2<String, double[]>, Tuple4<String, Long, Long, double[]>> {
  private static final long serialVersionUID = 1;
  private final Aggregation<Kept> aggregation;
  private transient ValueState<Kept> state;

  EachEvent(Aggregation<Kept> aggregation) {
    this.aggregation = aggregation;
  }

  @Override
  public void open(OpenContext context) {
    state = getRuntimeContext().getState(new ValueStateDescriptor<>("accumulator", aggregation.type()));
  }

  @Override
  public void processElement(Tuple2<String, double[]> event, Context context, Collector<Tuple4<String, Long, Long, double[]>> out)
      throws Exception {
    Kept kept = state.value();
    kept = aggregation.add(event, kept == null ? aggregation.createAccumulator() : kept);
    state.update(kept);
    long time = context.timestamp();
    out.collect(Tuple4.of(event.f0, time, time + 1, aggregation.getResult(kept)));
  }
}
