package statebench;

import java.util.List;
import org.apache.flink.api.common.accumulators.LongCounter;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.util.Collector;

/** Counts the late events of a stage. The count is state of the job, so that each is in it once; the task's accumulators tell it. */
final class LateCounter extends ProcessFunction<Tuple2<String, double[]>, Void> implements CheckpointedFunction {
  private static final long serialVersionUID = 1;
  private final int stage;
  private transient long before;
  private transient ListState<Long> saved;
  private transient LongCounter late;

  LateCounter(int stage) {
    this.stage = stage;
  }

  @Override
  public void initializeState(FunctionInitializationContext context) throws Exception {
    saved = context.getOperatorStateStore().getListState(new ListStateDescriptor<>("late", Types.LONG));
    for (long count : saved.get()) before += count;
  }

  @Override
  public void open(OpenContext context) {
    late = new LongCounter(before);
    getRuntimeContext().addAccumulator("late-" + stage, late);
  }

  @Override
  public void snapshotState(FunctionSnapshotContext context) throws Exception {
    saved.update(List.of(late.getLocalValuePrimitive()));
  }

  @Override
  public void processElement(Tuple2<String, double[]> event, Context context, Collector<Void> out) {
    late.add(1);
  }
}
