# library(jsonlite) writes with all digits; data frames become lists of rows.
suppressPackageStartupMessages(library(jsonlite))
wj <- function(x, f) writeLines(toJSON(x, digits=NA, auto_unbox=TRUE, pretty=TRUE, na="null", null="null"), f)
nv <- function(x) as.list(setNames(as.numeric(x), names(x)))
vers <- function(...) sapply(c("base",...), function(p) as.character(packageVersion(p)), simplify=FALSE)
suppressPackageStartupMessages({library(lme4); library(lmerTest); library(sandwich)})
set.seed(2022); n<-240
# each respondent rates m moments (1..10) at unequal times of one episode; then a retrospective 0-10; two arms: standard vs better ending
rows<-list(); ep<-list()
for(i in 1:n){ arm<-i%%2; m<-sample(5:12,1); t<-sort(c(0,runif(m-2,0,1),1))*m*4; base<-rnorm(1,5.5,1.1); y<-base+cumsum(rnorm(m,0,.7)); if(arm==1) y[m]<-y[m]+1.2; y<-pmin(10,pmax(1,round(y))); pk<-y[which.max(abs(y-5.5))]
 tw<-sum(diff(t)*(head(y,-1)+tail(y,-1))/2)/(max(t)-min(t)); integ<-sum(diff(t)*(head(y,-1)+tail(y,-1))/2); sl<-unname(coef(lm(y~t))[2])
 r<-.9+.40*max(y)+.35*y[m]+.08*mean(y)+rnorm(1,0,.9); r<-pmin(10,pmax(0,round(r)))
 rows[[i]]<-data.frame(id=i,arm=arm,moment=1:m,time=round(t,3),rating=y); ep[[i]]<-data.frame(id=i,arm=arm,n_moments=m,duration=max(t),start=y[1],end=y[m],max=max(y),min=min(y),mean=mean(y),median=median(y),tw_mean=tw,integral=integ,slope=sl,sd=sd(y),peak_abs_dev=pk,peak_index=which.max(y),retro=r) }
M<-do.call(rbind,rows); E<-do.call(rbind,ep)
# recompute episode features from the ROUNDED times so that the csv reproduces exactly
E[,c("duration","tw_mean","integral","slope")]<-t(sapply(split(M,M$id),function(z){t<-z$time;y<-z$rating; I<-sum(diff(t)*(head(y,-1)+tail(y,-1))/2); c(max(t)-min(t),I/(max(t)-min(t)),I,unname(coef(lm(y~t))[2]))}))
E$pe<-(E$max+E$end)/2; write.csv(M,"moments.csv",row.names=FALSE); write.csv(E,"episodes.csv",row.names=FALSE)
mods<-list(peak_end=retro~pe,peak_plus_end=retro~max+end,mean=retro~mean,tw_mean=retro~tw_mean,integral=retro~integral,end=retro~end,max=retro~max,min=retro~min,start=retro~start,mean_plus_duration=retro~tw_mean+duration,trend=retro~mean+slope,full=retro~max+end+start+tw_mean+duration)
ic<-lapply(mods,function(f){m<-lm(f,E); h<-hatvalues(m); k<-length(coef(m))+1; list(k=k,logLik=as.numeric(logLik(m)),AIC=AIC(m),AICc=AIC(m)+2*k*(k+1)/(n-k-1),BIC=BIC(m),R2=summary(m)$r.squared,adjR2=summary(m)$adj.r.squared,loo_rmse=sqrt(mean((residuals(m)/(1-h))^2)),coef=as.list(coef(m)))})
d<-sapply(ic,`[[`,"AIC"); aw<-exp(-(d-min(d))/2); aw<-aw/sum(aw); b<-sapply(ic,`[[`,"BIC"); bw<-exp(-(b-min(b))/2); bw<-bw/sum(bw)
# duration neglect: standardised duration slope controlling for peak+end, with 90% CI for equivalence (SESOI |beta|=.10)
md<-lm(scale(retro)~scale(max)+scale(end)+scale(duration),E); cf<-summary(md)$coefficients; ci90<-confint(md,level=.9); se3<-sqrt(diag(vcovHC(md,"HC3")))
s<-.10; bb<-cf["scale(duration)",1]; se<-cf["scale(duration)",2]; df<-md$df.residual
dn<-list(beta=bb,se=se,t=cf["scale(duration)",3],p=cf["scale(duration)",4],ci90=as.numeric(ci90["scale(duration)",]),sesoi=s,p_tost=max(pt((bb+s)/se,df,lower.tail=FALSE),pt((bb-s)/se,df)),se_hc3=unname(se3["scale(duration)"]))
# bic bayes factor for duration = 0
b1<-lm(retro~max+end+duration,E); b0<-lm(retro~max+end,E); dn$BF01_bic<-exp((BIC(b1)-BIC(b0))/2); an<-anova(b0,b1); dn$F<-an$F[2]; dn$pF<-an$`Pr(>F)`[2]
# peak==end weights test
l<-lm(retro~max+end,E); V<-vcov(l); dd<-coef(l)["max"]-coef(l)["end"]; sd<-sqrt(V["max","max"]+V["end","end"]-2*V["max","end"]); eqw<-list(diff=unname(dd),t=unname(dd/sd),p=unname(2*pt(-abs(dd/sd),l$df.residual)))
# experiment effect, ANCOVA and CUPED with the start rating as the covariate
t0<-t.test(retro~arm,E); anc<-summary(lm(retro~arm+start,E))$coefficients; th<-cov(E$retro,E$start)/var(E$start); E$cu<-E$retro-th*(E$start-mean(E$start)); tc<-t.test(cu~arm,E); an2<-summary(lm(retro~arm*I(start-mean(start)),E)); 
lin<-lm(retro~arm*I(start-mean(start)),E); lh<-sqrt(vcovHC(lin,"HC2")["arm","arm"])
ex<-list(means=as.list(tapply(E$retro,E$arm,mean)),welch=list(t=unname(t0$statistic),df=unname(t0$parameter),p=t0$p.value,diff_1_minus_0=unname(t0$estimate[2]-t0$estimate[1])),ancova=list(b=anc["arm",1],se=anc["arm",2],p=anc["arm",4]),cuped=list(theta=th,diff=unname(tc$estimate[2]-tc$estimate[1]),se=unname(tc$stderr),p=tc$p.value,var_reduction=1-var(E$cu)/var(E$retro),r2=cor(E$retro,E$start)^2),lin2013=list(b=unname(coef(lin)["arm"]),se_hc2=lh))
mm<-lmer(rating~arm*I(moment)+(1|id),M); out<-list(versions=vers("lme4","lmerTest"),models=ic,akaike_weights=as.list(aw),bic_weights=as.list(bw),duration_neglect=dn,equal_weights_test=eqw,experiment=ex,moments_lmm=as.data.frame(summary(mm)$coefficients),cor_pe_mean=cor(E$pe,E$mean),vif_full=as.list(car::vif(lm(mods$full,E))))
wj(out,"golden.json")
