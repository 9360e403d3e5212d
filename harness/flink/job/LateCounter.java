package statebench;

import org.apache.flink.api.common.accumulators.LongCounter;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.util.Collector;

/** Counts the late events of a stage. The task's accumulators tell them. */
final class LateCounter extends ProcessFunction<Tuple2<String, double[]>, Void> {
  private static final long serialVersionUID = 1;
  private final int stage;
  private transient LongCounter late;

  LateCounter(int stage) {
    this.stage = stage;
  }

  @Override
  public void open(OpenContext context) {
    late = new LongCounter();
    getRuntimeContext().addAccumulator("late-" + stage, late);
  }

  @Override
  public void processElement(Tuple2<String, double[]> event, Context context, Collector<Void> out) {
    late.add(1);
  }
}
