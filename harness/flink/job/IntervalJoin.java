package statebench;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.api.java.tuple.Tuple4;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;
import org.apache.flink.util.OutputTag;

/**
 * Pairs of a left event and the right events of its key from {@code lower} to {@code upper} ms after it. State is that of Flink's own
 * interval join: for each side a map from event time to the events of that time, looked through at every event of the other side and
 * cleaned by timers. Unlike there, both sides come by one stream, so that an event is late exactly where it is in the stream; and what
 * can be met at the watermark is kept until that has passed, since an event at the watermark is not late.
 */
final class IntervalJoin extends KeyedProcessFunction<String, Tuple2<String, double[]>, Tuple4<String, Long, Long, double[]>> {
  private static final long serialVersionUID = 1;
  private final long lower;
  private final long upper;
  private final OutputTag<Tuple2<String, double[]>> late;
  private transient MapState<Long, List<double[]>> left;
  private transient MapState<Long, List<double[]>> right;

  IntervalJoin(long lower, long upper, OutputTag<Tuple2<String, double[]>> late) {
    this.lower = lower;
    this.upper = upper;
    this.late = late;
  }

  @Override
  public void open(OpenContext context) {
    left = buffer("left");
    right = buffer("right");
  }

  private MapState<Long, List<double[]>> buffer(String name) {
    return getRuntimeContext().getMapState(new MapStateDescriptor<>(name, Types.LONG, Types.LIST(WorkloadJob.NUMBERS)));
  }

  @Override
  public void processElement(Tuple2<String, double[]> event, Context context, Collector<Tuple4<String, Long, Long, double[]>> out)
      throws Exception {
    long time = context.timestamp();
    if (time < context.timerService().currentWatermark()) {
      context.output(late, event);
      return;
    }
    boolean isRight = JoinSide.isRight(event.f1);
    MapState<Long, List<double[]>> own = isRight ? right : left;
    List<double[]> sameTime = own.get(time);
    if (sameTime == null) sameTime = new ArrayList<>(1);
    sameTime.add(event.f1);
    own.put(time, sameTime);
    for (Map.Entry<Long, List<double[]>> bucket : (isRight ? left : right).entries()) {
      long other = bucket.getKey();
      long after = isRight ? time - other : other - time;
      if (after < lower || after > upper) continue;
      long greater = Math.max(time, other);
      for (double[] met : bucket.getValue()) {
        double[] pair = isRight ? JoinSide.pair(met, event.f1) : JoinSide.pair(event.f1, met);
        out.collect(Tuple4.of(event.f0, greater, greater + 1, pair));
      }
    }
    context.timerService().registerEventTimeTimer(time + (isRight ? rightLife() : leftLife()));
  }

  @Override
  public void onTimer(long time, OnTimerContext context, Collector<Tuple4<String, Long, Long, double[]>> out) throws Exception {
    left.remove(time - leftLife());
    right.remove(time - rightLife());
  }

  /** For how long after its time a left event may be met by right ones: they come until the watermark is beyond. */
  private long leftLife() {
    return Math.max(upper, 0) + 1;
  }

  private long rightLife() {
    return Math.max(-lower, 0) + 1;
  }
}
